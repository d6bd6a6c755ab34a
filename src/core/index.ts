export { type Clock, systemClock } from './clock.ts';
export { compareText } from './compare-text.ts';
export { ArmloadError, type ErrorDetails, isAbort, messageOf, UsageError } from './error.ts';
export type { EventSink, ProgressEvent } from './events.ts';
export { didYouMean, nearestWord } from './nearest-word.ts';
export { redact } from './redact.ts';

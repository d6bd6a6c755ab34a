export type { ReportFormat, ReportOptions } from './format.ts';
export { formats } from './formats.ts';
export {
  defaultFailOn,
  exitCodeOf,
  type FailOn,
  failOnWords,
  type Outcome,
  outcomeOf,
} from './outcome.ts';
export { totalsOf } from './sentences.ts';
export { plainText } from './text.ts';

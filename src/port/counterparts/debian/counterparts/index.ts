export { type FindOptions, findCounterparts } from './find-counterparts.ts';
export type {
  Counterpart,
  CounterpartResult,
  Counterparts,
  RefusalReason,
  SourceFailure,
  UnknownReason,
} from './types.ts';

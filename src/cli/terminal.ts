import type { TextSink } from './io.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Colours? FORCE_COLOR decides where it is set, then NO_COLOR (no-color.org), then whether it is a terminal. */
export function wantsColor(sink: TextSink, environment: Environment): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (environment['NO_COLOR']) return false;
  return sink.isTTY === true && environment['TERM'] !== 'dumb';
}

/** May a line be rewritten? Not in CI logs, files and terminals that can't. */
export function isInteractive(sink: TextSink, environment: Environment): boolean {
  const ci = environment['CI'];
  return sink.isTTY === true && environment['TERM'] !== 'dumb' && (!ci || ci === 'false');
}

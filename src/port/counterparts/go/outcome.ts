import { GoError } from './errors.ts';
import type { RunResult } from './run.ts';
import { lastWords } from './toolchain.ts';

/** What the go command and git say where something isn't there, isn't what it was, or can't be reached now. */
const sayings: readonly (readonly [GoError['code'], RegExp])[] = [
  ['GO_CHECKSUM', /checksum mismatch|SECURITY ERROR/],
  [
    'GO_UNREACHABLE',
    /dial tcp|connection re(?:fused|set)|no such host|could not resolve host|i\/o timeout|TLS handshake|x509:|\b(?:401|403|407|429|5\d\d) [A-Z]|unable to access|unexpected EOF|permission denied|no space left|could not read Username|Authentication failed|module lookup disabled|proxyconnect/i,
  ],
  [
    'GO_GONE',
    /\b(?:404 Not Found|410 Gone)|unknown revision|invalid version|not our ref|no matching versions|does not contain package|unrecognized import path|malformed module path|repository .* not found|does not exist/i,
  ],
];

/** @throws GoError where a program of this machine did not end well, with what it said last. */
export function checkEnd(result: RunResult, doing: string): void {
  const { ended, code, stderr } = result;
  if (ended === 'exit' && code === 0) return;
  if (ended === 'time') throw new GoError('GO_TIME', `${doing} took longer than it may`);
  if (ended === 'output') throw new GoError('GO_BUILD', `${doing} said more than anybody reads`);
  const said = lastWords(stderr);
  if (ended === 'start') throw new GoError('GO_UNREACHABLE', `${doing} could not be started${said}`);
  const saying = sayings.find(([, pattern]) => pattern.test(stderr));
  // Killed from outside: for its memory, as a rule.
  const otherwise = code < 0 ? 'GO_UNREACHABLE' : 'GO_BUILD';
  throw new GoError(saying?.[0] ?? otherwise, `${doing} failed${said}`);
}

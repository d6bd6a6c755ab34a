import { ExecutorError } from '../errors.ts';
import type { CallEnd, Interruption } from '../protocol/transport.ts';

/** What ssh(1) ends with when it fails itself. */
const ownFailure = 255;
/** No code of a program: what our own look at the connection found. */
export const noisyShell = -2;

/** Kinds of failures that no new try mends, by what OpenSSH says. */
const lasting: readonly {
  readonly says: RegExp;
  readonly why: string;
  readonly hint: (host: string) => string;
}[] = [
  {
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    why: "its host key is another than the one that's known",
    hint: () => 'find out why before you connect; then take the old key away with ssh-keygen -R',
  },
  {
    says: /Host key verification failed|host key is known for/,
    why: 'its host key is not known here',
    hint: (host) =>
      `connect to it once by hand (ssh ${host}) and compare the key, or add it to known_hosts with ssh-keyscan`,
  },
  {
    says: /Permission denied|Too many authentication failures|no supported authentication/i,
    why: 'it does not let us in',
    hint: (host) =>
      `see whether "ssh -o BatchMode=yes ${host} true" works; keys come from your ssh configuration or agent`,
  },
  {
    says: /Bad configuration option|terminating, \d+ bad configuration|command-line line|unknown option/i,
    why: 'ssh does not take its configuration',
    hint: () => 'see ssh_config(5)',
  },
];

/** What it means that a call over ssh didn't come to its end. */
export function explainSsh(host: string, { code, stderr }: CallEnd): Interruption {
  const said = stderr.split('\n').findLast((line) => line.trim() !== '') ?? 'it says nothing';
  if (code === -1)
    return forEver('PLACE_UNREACHABLE', `ssh can't be started: ${said}`, 'install an OpenSSH client');
  if (code === ownFailure) {
    const found = lasting.find(({ says }) => says.test(stderr));
    if (found !== undefined)
      return forEver('PLACE_UNREACHABLE', `${host} can't be used: ${found.why} (${said})`, found.hint(host));
  }
  if (code === noisyShell)
    return forEver(
      'PLACE_UNUSABLE',
      `${host}: ${said}`,
      'let its start-up files print for interactive shells only',
    );
  if (code === 126 || code === 127)
    return forEver('PLACE_UNUSABLE', `${host} has no shell that armload can use: ${said}`);
  return {
    temporary: true,
    error: new ExecutorError('PLACE_UNREACHABLE', `the connection to ${host} failed or was cut: ${said}`),
  };
}

function forEver(code: 'PLACE_UNREACHABLE' | 'PLACE_UNUSABLE', message: string, hint?: string): Interruption {
  return { temporary: false, error: new ExecutorError(code, message, { hint, facts: { lasting: true } }) };
}

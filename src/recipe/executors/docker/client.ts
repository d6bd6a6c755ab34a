import { ExecutorError } from '../errors.ts';
import { childCall } from '../protocol/child-call.ts';
import type { CallEnd, Interruption } from '../protocol/transport.ts';

/** More than any answer has that's asked for here. */
const answerBytes = 4 * 1024 * 1024;

export interface Client {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

export interface ClientResult extends CallEnd {
  readonly stdout: string;
}

/**
 * Runs the Docker client with the user's own settings: `DOCKER_HOST`, contexts, credentials. @throws the signal's
 * reason
 */
export async function runClient(
  { environment, signal }: Client,
  words: readonly string[],
): Promise<ClientResult> {
  signal?.throwIfAborted();
  const call = childCall({ program: 'docker', words, environment, detached: true }, {});
  const drop = () => call.drop();
  signal?.addEventListener('abort', drop, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  call.stdin.end();
  call.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= answerBytes) chunks.push(chunk);
  });
  const end = await call.ended;
  signal?.removeEventListener('abort', drop);
  signal?.throwIfAborted();
  return { ...end, stdout: Buffer.concat(chunks).toString('utf8') };
}

/** What it means that the client failed, by what it says. */
export function explainDocker(what: string, { code, stderr }: CallEnd): Interruption {
  const said = lineOf(stderr);
  if (code === -1)
    return lasting('PLACE_UNREACHABLE', `docker can't be started: ${said}`, 'install a Docker client');
  if (/\bexec\b.*(executable file not found|no such file or directory)/i.test(stderr))
    return lasting(
      'PLACE_UNUSABLE',
      `${what}: its image has no shell: ${said}`,
      'take an image with sh in it',
    );
  if (/no such container|is not running|container .* is (restarting|paused)/i.test(stderr))
    return { temporary: true, error: new ExecutorError('PLACE_UNREACHABLE', `${what}: ${said}`) };
  if (/permission denied.*docker.*sock|docker\.sock.*permission denied/is.test(stderr))
    return lasting('PLACE_UNREACHABLE', `${what}: ${said}`, 'your user may not use the Docker engine');
  if (/cannot connect to the docker daemon|error during connect|is the docker daemon running/i.test(stderr))
    return { temporary: true, error: new ExecutorError('PLACE_UNREACHABLE', `${what}: ${said}`) };
  if (code === 125 || code === 126 || code === 127 || /^(docker: )?error response from daemon/im.test(stderr))
    return lasting('PLACE_UNUSABLE', `${what}: ${said}`);
  return {
    temporary: true,
    error: new ExecutorError('PLACE_UNREACHABLE', `${what}: it was cut off: ${said}`),
  };
}

/** The client's own line on an error, which it may put before a hint. */
function lineOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const found =
    lines.find((line) => /error|fatal|denied|cannot|not found|oci runtime/i.test(line)) ?? lines.at(-1);
  return (found ?? 'it says nothing').slice(0, 500);
}

function lasting(code: 'PLACE_UNREACHABLE' | 'PLACE_UNUSABLE', message: string, hint?: string): Interruption {
  return { temporary: false, error: new ExecutorError(code, message, { hint, facts: { lasting: true } }) };
}

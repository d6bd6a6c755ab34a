import { resolve } from 'node:path';
import { ArmloadError, messageOf, redact, UsageError } from '../core/index.ts';
import { plainText } from '../report/index.ts';
import { type BaseFlags, baseCommand, parseArguments } from './base-command.ts';
import { type Io, writeText } from './io.ts';

interface RegistryFlags extends BaseFlags {
  readonly listen?: string;
}

const defaultListen = '127.0.0.1:5000';

/** `armload registry DIR`: serves until it is interrupted, which is its ordinary end and gives 0. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('registry', [
    'armload registry ./images',
    'armload registry ./images --listen 127.0.0.1:0',
    'armload registry ./images --listen 0.0.0.0:5000',
  ])
    .description(
      'Serves a directory as an OCI registry: without TLS, without accounts, readable and writable by all who reach it.',
    )
    .argument('<dir>', 'where the images are kept; made if it is not there')
    .option('-l, --listen <address>', `host:port, port 0 for any free one (default: ${defaultListen})`);
  const parsed = await parseArguments<RegistryFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const address = readAddress(parsed.flags.listen ?? defaultListen);
  const directory = resolve(io.cwd, parsed.operands[0] ?? '');
  await serve({ directory, ...address }, io, parsed.flags);
  return 0;
}

interface Serving {
  readonly directory: string;
  readonly host: string;
  readonly port: number;
}

async function serve(serving: Serving, io: Io, { quiet = false, verbose = false }: BaseFlags): Promise<void> {
  const { startRegistry } = await import('../registry/index.ts');
  const tell = (text: string) => {
    if (!quiet) io.stderr.write(`armload: ${plainText(redact(text))}\n`);
  };
  const server = await startRegistry({
    ...serving,
    onError: (error) => tell(`warning: ${messageOf(error)}`),
    ...(verbose ? { onRequest: ({ method, path, status }) => tell(`${method} ${path} ${status}`) } : {}),
  }).catch((error: unknown) => {
    throw notStarted(serving, error);
  });
  try {
    await writeText(io.stdout, `${server.url}\n`);
    tell(`serving ${serving.directory}; Ctrl-C stops it`);
    await aborted(io.signal);
  } finally {
    await server.close();
  }
}

function notStarted({ directory, host, port }: Serving, error: unknown): unknown {
  if (error instanceof ArmloadError) return error;
  return new UsageError('USAGE', `can't serve ${directory} on ${host}:${port}: ${messageOf(error)}`, {
    cause: error,
    hint: 'Give --listen another address; port 0 takes any free one.',
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * `host:port`, `[::1]:port`; a port alone, with or without a colon, is on the loopback address: other machines are
 * let in only where somebody wrote so.
 * @throws UsageError `USAGE`
 */
export function readAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]*)):)?([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new UsageError('USAGE', `--listen "${text}" is not an address`, {
      hint: `Write it as host:port, such as ${defaultListen}.`,
    });
  }
  return { host: match[1] || match[2] || '127.0.0.1', port };
}

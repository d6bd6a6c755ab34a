import { execFile } from 'node:child_process';
import { access, constants, open, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { redact, UsageError } from '../../../core/index.ts';
import { DocumentError, readDocument } from '../../../document/index.ts';
import { asFolder, isHttpAddress, isSafeServer } from '../../fetch/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ServersResult =
  | {
      readonly kind: 'found';
      /** Addresses with a slash at the end, logins included; first choice first. */
      readonly servers: readonly string[];
    }
  /** With a sentence without its full stop. */
  | { readonly kind: 'none'; readonly why: string };

export interface FindServersParts {
  readonly environment: Environment;
  /** The folder of the system's configuration. */
  readonly system: string;
  /** Addresses that the image's own lock files name. */
  readonly locked: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const maxBytes = 256 * 1024;
const time = 20_000;

/**
 * The servers that gems come from: those that are named, else the mirror that Bundler is to take for all, else those of
 * RubyGems' configuration (the user's, then the system's), else those of the image's lock files, else what an installed gem says.
 * @throws UsageError for a named one that is no address, the signal's reason.
 */
export async function findServers(
  named: readonly string[] | undefined,
  { environment, system, locked, signal }: FindServersParts,
): Promise<ServersResult> {
  if (named !== undefined && named.length > 0) return { kind: 'found', servers: named.map(checked) };
  const { BUNDLE_MIRROR__ALL: mirror, HOME } = environment;
  const files = [...(HOME === undefined ? [] : [join(HOME, '.gemrc')]), join(system, 'gemrc')];
  const all =
    mirror !== undefined && mirror !== ''
      ? [mirror]
      : await firstOf([
          ...files.map((file) => () => gemrcSources(file)),
          async () => locked,
          () => askGem(environment, signal),
        ]);
  const usable = [...new Set(all.filter(isSafeServer).map(asFolder))];
  if (usable.length > 0) return { kind: 'found', servers: usable };
  return {
    kind: 'none',
    why:
      all.length === 0
        ? 'no gem server is named, RubyGems is not configured for one, and it is not installed'
        : `no gem server of RubyGems' configuration is reached by https: ${all.map((url) => redact(url)).join(', ')}`,
  };
}

async function firstOf(steps: readonly (() => Promise<readonly string[]>)[]): Promise<readonly string[]> {
  for (const step of steps) {
    const found = await step();
    if (found.length > 0) return found;
  }
  return [];
}

function checked(url: string): string {
  if (isHttpAddress(url)) return asFolder(url);
  throw new UsageError('USAGE', `the gem server ${redact(url)} is not an http or https address`, {
    hint: 'Write it like https://gems.example/.',
  });
}

const gemrcSchema = z.looseObject({
  ':sources': z.array(z.string()).max(100).optional(),
  sources: z.array(z.string()).max(100).optional(),
});

async function gemrcSources(file: string): Promise<readonly string[]> {
  if ((await stat(file).catch(() => undefined))?.isFile() !== true) return [];
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return [];
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    const text = buffer.toString('utf8', 0, bytesRead);
    const { value } = readDocument(gemrcSchema, { text, file: 'gemrc', maxBytes });
    return value[':sources'] ?? value.sources ?? [];
  } catch (error) {
    if (error instanceof DocumentError) return [];
    throw error;
  } finally {
    await handle.close();
  }
}

/** `gem environment remotesources` says one address a line. @throws the signal's reason. */
async function askGem(environment: Environment, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const program = await onPath('gem', environment);
  if (program === undefined) return [];
  const options = {
    ...{ env: { ...environment }, cwd: '/', timeout: time, maxBuffer: 64 * 1024 },
    ...(signal && { signal }),
  };
  const said = await new Promise<string>((resolve) => {
    execFile(program, ['environment', 'remotesources'], options, (error, stdout) =>
      resolve(error ? '' : stdout),
    );
  });
  signal?.throwIfAborted();
  return said.split('\n').flatMap((line) => /^\s*(https?:\/\/\S+)\s*$/.exec(line)?.[1] ?? []);
}

async function onPath(name: string, { PATH = '' }: Environment): Promise<string | undefined> {
  for (const folder of PATH.split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const file = join(folder, name);
    const isThere = await access(file, constants.X_OK).then(
      async () => (await stat(file)).isFile(),
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

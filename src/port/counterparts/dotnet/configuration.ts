import { execFile } from 'node:child_process';
import { access, constants, open, readdir, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { compareText, redact, UsageError } from '../../../core/index.ts';
import { isHttpAddress, isSafeServer } from '../../fetch/index.ts';
import { elementsAt, parseXml } from '../java/configuration/xml.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type SourcesResult =
  | { readonly kind: 'found'; readonly sources: readonly string[] }
  /** With a sentence without its full stop. */
  | { readonly kind: 'none'; readonly why: string };

export interface FindSourcesParts {
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
}

const maxBytes = 1024 ** 2;
const time = 20_000;

/**
 * The sources that packages come from: those that are named, else those of NuGet's configuration (the user's, then the
 * machine's), else what an installed dotnet says.
 * @throws UsageError for a named one that is no address, the signal's reason.
 */
export async function findSources(
  named: readonly string[] | undefined,
  { environment, signal }: FindSourcesParts,
): Promise<SourcesResult> {
  if (named !== undefined && named.length > 0) return { kind: 'found', sources: named.map(checked) };
  const configured = await configuredSources(environment);
  const all = configured.length > 0 ? configured : await askDotnet(environment, signal);
  const usable = [...new Set(all.filter(isSafeServer))];
  if (usable.length > 0) return { kind: 'found', sources: usable };
  const shown = all.map((url) => redact(url)).join(', ');
  return {
    kind: 'none',
    why:
      all.length === 0
        ? 'no source is named, NuGet is not configured for one, and no dotnet is installed'
        : `no source of NuGet's configuration is reached by https: ${shown}`,
  };
}

function checked(url: string): string {
  if (isHttpAddress(url)) return url;
  throw new UsageError('USAGE', `the NuGet source ${redact(url)} is not an http or https address`, {
    hint: 'Write it like https://packages.example/v3/index.json.',
  });
}

/** Of the first file that is there, as NuGet names them. */
async function configuredSources({ HOME, XDG_CONFIG_HOME }: Environment): Promise<readonly string[]> {
  const folders = [
    ...(HOME === undefined ? [] : [join(HOME, '.nuget', 'NuGet')]),
    ...(XDG_CONFIG_HOME === undefined ? [] : [join(XDG_CONFIG_HOME, 'NuGet')]),
    ...(HOME === undefined ? [] : [join(HOME, '.config', 'NuGet')]),
  ];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    const name = [...names].sort(compareText).find((one) => one.toLowerCase() === 'nuget.config');
    const text = name === undefined ? undefined : await smallText(join(folder, name));
    if (text !== undefined) return sourcesIn(text);
  }
  return [];
}

/** The sources of a NuGet.Config that are not disabled, with their logins where those are in plain text. */
export function sourcesIn(text: string): readonly string[] {
  const root = parseXml(text);
  if (root?.name !== 'configuration') return [];
  const disabled = new Set(
    elementsAt(root, 'disabledPackageSources', 'add')
      .filter(({ attributes }) => attributes['value'] === 'true')
      .map(({ attributes }) => attributes['key']),
  );
  const credentials = elementsAt(root, 'packageSourceCredentials').flatMap(({ children }) => children);
  let sources: { readonly key: string; readonly url: string }[] = [];
  for (const { name, attributes } of elementsAt(root, 'packageSources').flatMap(({ children }) => children)) {
    if (name === 'clear') sources = [];
    else if (name === 'add') sources.push({ key: attributes['key'] ?? '', url: attributes['value'] ?? '' });
  }
  return sources
    .filter(({ key }) => !disabled.has(key))
    .map(({ key, url }) => {
      const own = credentials.find(({ name }) => name === key.replaceAll(' ', '_x0020_'));
      const value = (wanted: string) =>
        own?.children.find(({ attributes }) => attributes['key'] === wanted)?.attributes['value'];
      const [username, password] = [value('Username'), value('ClearTextPassword')];
      if (username === undefined || password === undefined || !URL.canParse(url)) return url;
      const address = new URL(url);
      address.username = encodeURIComponent(username);
      address.password = encodeURIComponent(password);
      return address.href;
    });
}

async function smallText(file: string): Promise<string | undefined> {
  if ((await stat(file).catch(() => undefined))?.isFile() !== true) return undefined;
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** `dotnet nuget list source --format Short` says `E ADDRESS` for each that is enabled. @throws the signal's reason. */
async function askDotnet(
  environment: Environment,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const program = await onPath('dotnet', environment);
  if (program === undefined) return [];
  const options = {
    env: { ...environment, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' },
    cwd: '/',
    timeout: time,
    maxBuffer: 64 * 1024,
    ...(signal && { signal }),
  };
  const said = await new Promise<string>((resolve) => {
    execFile(program, ['nuget', 'list', 'source', '--format', 'Short'], options, (error, stdout) =>
      resolve(error ? '' : stdout),
    );
  });
  signal?.throwIfAborted();
  return said.split('\n').flatMap((line) => /^E\s+(https?:\/\/\S+)$/.exec(line.trim())?.[1] ?? []);
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

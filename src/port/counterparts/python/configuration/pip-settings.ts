import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { optionName, parseIni } from './ini.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What pip's configuration says of indexes. */
export interface PipSettings {
  readonly indexUrl?: string;
  readonly extraIndexUrls: readonly string[];
  readonly trustedHosts: readonly string[];
  /** Indexes are to be left alone. */
  readonly noIndex: boolean;
  /** PEM, of the file that pip is to believe hosts by. */
  readonly certificates?: string;
}

/** pip's own files are small; those of certificates are less so. */
const maxBytes = 4 * 1024 ** 2;

/**
 * Reads pip's configuration as pip does ("Configuration", "Precedence"): the system's files, the user's, the virtual
 * environment's, the one that `PIP_CONFIG_FILE` names, then `PIP_…` variables; `[install]` goes before `[global]`. Files
 * that are not there, or can't be read, say nothing.
 * @param system the folder of the system's configuration, `/etc`.
 */
export async function readPipSettings(environment: Environment, system: string): Promise<PipSettings> {
  const options = new Map<string, string>();
  const commands = new Map<string, string>();
  for (const file of filesOf(environment, system)) {
    const sections = parseIni((await textOf(file)) ?? '');
    for (const [name, value] of sections.get('global') ?? []) options.set(name, value);
    for (const [name, value] of sections.get('install') ?? []) commands.set(name, value);
  }
  const all = new Map([...options, ...commands, ...variables(environment)]);
  const cert = all.get('cert');
  const certificates = cert === undefined ? undefined : await textOf(cert);
  const indexUrl = all.get('index-url') ?? all.get('pypi-url');
  return {
    ...(indexUrl === undefined || indexUrl.trim() === '' ? {} : { indexUrl: indexUrl.trim() }),
    extraIndexUrls: words(all.get('extra-index-url')),
    trustedHosts: words(all.get('trusted-host')),
    ...(certificates === undefined ? {} : { certificates }),
    noIndex: /^(?:1|t|true|y|yes|on)$/i.test(all.get('no-index') ?? ''),
  };
}

function filesOf(environment: Environment, system: string): readonly string[] {
  const named = environment['PIP_CONFIG_FILE'];
  if (named === '/dev/null') return [];
  const home = absolute(environment['HOME']);
  const user = absolute(environment['XDG_CONFIG_HOME']) ?? (home && join(home, '.config'));
  const virtual = absolute(environment['VIRTUAL_ENV']);
  const systems = (environment['XDG_CONFIG_DIRS'] ?? '')
    .split(':')
    .filter((folder) => folder.startsWith('/'));
  if (systems.length === 0) systems.push(join(system, 'xdg'));
  return [
    ...systems.map((folder) => join(folder, 'pip/pip.conf')),
    join(system, 'pip.conf'),
    ...(home === undefined ? [] : [join(home, '.pip/pip.conf')]),
    ...(user === undefined ? [] : [join(user, 'pip/pip.conf')]),
    ...(virtual === undefined ? [] : [join(virtual, 'pip.conf')]),
    ...(named === undefined || named === '' ? [] : [named]),
  ];
}

function absolute(folder: string | undefined): string | undefined {
  return folder?.startsWith('/') === true ? folder : undefined;
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    const status = await stat(file);
    return status.isFile() && status.size <= maxBytes ? await readFile(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function variables(environment: Environment): readonly (readonly [string, string])[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    name.startsWith('PIP_') && value !== undefined && value !== ''
      ? [[optionName(name.slice('PIP_'.length)), value] as const]
      : [],
  );
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

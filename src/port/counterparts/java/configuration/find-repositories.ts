import { access, constants, open, readdir, realpath, stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { compareText, redact, UsageError } from '../../../../core/index.ts';
import { asFolder, isHttpAddress, isSafeServer } from '../../../fetch/index.ts';
import { bytesInZip } from '../zip-text.ts';
import {
  addressOf,
  type MavenRepository,
  type MavenSettings,
  mergedSettings,
  noSettings,
  parseSettings,
} from './maven-settings.ts';
import { elementsAt, parseXml, textAt } from './xml.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type RepositoriesResult =
  | {
      readonly kind: 'found';
      /** Addresses with a slash at the end, logins included; first choice first. */
      readonly repositories: readonly string[];
    }
  | {
      readonly kind: 'none';
      /** A sentence without its full stop. */
      readonly why: string;
    };

const maxSettings = 1024 ** 2;

/**
 * The repositories that artifacts come from: those that are named, else those of Maven's settings and the one that an installed
 * Maven goes to by itself, through their mirrors.
 * @throws UsageError for a named one that is no address.
 */
export async function findRepositories(
  named: readonly string[] | undefined,
  environment: Environment,
): Promise<RepositoriesResult> {
  if (named !== undefined && named.length > 0) return { kind: 'found', repositories: named.map(checked) };
  const home = await mavenHome(environment);
  const settings = await settingsOf(environment, home);
  if (settings === undefined)
    return { kind: 'none', why: "Maven's settings on this machine can't be understood" };
  if (settings.offline) return { kind: 'none', why: "Maven's settings say that it's to work offline" };
  const own = home === undefined ? [] : await ownRepositories(home);
  const addresses = [...settings.repositories, ...own].map((one) => addressOf(one, settings));
  // Where no Maven is installed, a mirror of everything says enough.
  const mirrors = settings.mirrors.filter(({ mirrorOf }) => /^(?:\*|external:\*|central)$/.test(mirrorOf));
  const all = addresses.length > 0 ? addresses : mirrors.map((one) => addressOf(one, settings));
  const usable = [...new Set(all.filter(isSafeServer).map(asFolder))];
  if (usable.length > 0) return { kind: 'found', repositories: usable };
  if (all.length === 0)
    return {
      kind: 'none',
      why: 'no repository is named, Maven has no settings for one, and none is installed',
    };
  return {
    kind: 'none',
    why: `no repository of Maven's settings is reached by https: ${all.map((url) => redact(url)).join(', ')}`,
  };
}

function checked(url: string): string {
  if (isHttpAddress(url)) return asFolder(url);
  throw new UsageError('USAGE', `the Maven repository ${redact(url)} is not an http or https address`, {
    hint: 'Write it like https://packages.example/maven/.',
  });
}

/** Of the environment, else of the `mvn` on the PATH. */
async function mavenHome(environment: Environment): Promise<string | undefined> {
  const { MAVEN_HOME, M2_HOME, PATH = '' } = environment;
  const said = [MAVEN_HOME, M2_HOME].find((folder) => folder !== undefined && isAbsolute(folder));
  if (said !== undefined) return said;
  for (const folder of PATH.split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const program = join(folder, 'mvn');
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return dirname(dirname(await realpath(program)));
  }
  return undefined;
}

async function settingsOf(
  environment: Environment,
  home: string | undefined,
): Promise<MavenSettings | undefined> {
  const { HOME } = environment;
  const files = [
    HOME === undefined ? undefined : join(HOME, '.m2', 'settings.xml'),
    home === undefined ? undefined : join(home, 'conf', 'settings.xml'),
  ];
  const read: MavenSettings[] = [];
  for (const file of files) {
    const text = file === undefined ? undefined : await smallText(file);
    const settings = text === undefined ? noSettings : parseSettings(text, environment);
    if (settings === undefined) return undefined;
    read.push(settings);
  }
  const [user = noSettings, system = noSettings] = read;
  return mergedSettings(user, system);
}

/** Every POM inherits from one that Maven itself carries, and that names its repositories. */
async function ownRepositories(home: string): Promise<readonly MavenRepository[]> {
  const folder = join(home, 'lib');
  const names = await readdir(folder).catch(() => []);
  const jar = [...names].sort(compareText).find((name) => /^maven-model-builder-[\w.-]+\.jar$/.test(name));
  if (jar === undefined) return [];
  const bytes = await bytesInZip(
    join(folder, jar),
    /^org\/apache\/maven\/model\/pom-4[\w.]*\.xml$/,
    maxSettings,
  );
  const root = bytes === undefined ? undefined : parseXml(bytes.toString('utf8'));
  if (root === undefined) return [];
  return elementsAt(root, 'repositories', 'repository').flatMap((one) => {
    const url = textAt(one, 'url');
    return url === undefined ? [] : [{ id: textAt(one, 'id') ?? '', url }];
  });
}

async function smallText(file: string): Promise<string | undefined> {
  const status = await stat(file).catch(() => undefined);
  if (status?.isFile() !== true) return undefined;
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxSettings + 1), 0, maxSettings + 1, 0);
    return bytesRead > maxSettings ? '' : buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

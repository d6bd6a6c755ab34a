import { UsageError } from '../core/index.ts';
import type { PackageSettings, RpmSettings } from '../port/index.ts';
import type { Config } from './config.ts';
import { checkReadable } from './port-files.ts';
import type { PortFlags } from './port-flags.ts';
import { memberOf, present, read } from './settings.ts';

interface Given {
  readonly flags: PortFlags;
  readonly config: Config;
  readonly cwd: string;
}

/**
 * Where a distribution's packages come from. The command line speaks of all distributions: an image has one. Its mirrors
 * and keyrings stand beside those of the configuration, and a mirror of the same archive in its place.
 * @throws UsageError naming the option, member or file that is wrong.
 */
export async function packageSettings(
  kind: 'debian' | 'apk' | 'rpm',
  { flags, config, cwd }: Given,
): Promise<PackageSettings> {
  const configured = config.values.port?.[kind] ?? {};
  const inConfig = (member: string) => memberOf(config, `port.${kind}.${member}`);
  return present({
    mirrors: joined(
      read(configured.mirrors, (mirrors) => checkMirrors(mirrors, inConfig('mirrors'))),
      read(flags.mirror, readMirrors),
    ),
    keyrings: await readable([
      ...(flags.keyring ?? []).map((file) => ({ file, directory: cwd, origin: '--keyring' })),
      ...(configured.keyrings ?? []).map((file) => ({
        file,
        directory: config.directory,
        origin: inConfig('keyrings'),
      })),
    ]),
    allowUpgrade: flags.allowUpgrade ?? configured.allowUpgrade,
    allowUnsigned: flags.allowUnsigned ?? configured.allowUnsigned,
  });
}

/** Where Alpine packages come from. `undefined` where nothing is said. @throws UsageError. */
export async function apkSettings(
  flags: PortFlags,
  config: Config,
  cwd: string,
): Promise<PackageSettings | undefined> {
  const settings = await packageSettings('apk', { flags, config, cwd });
  return Object.keys(settings).length === 0 ? undefined : settings;
}

/** Where RPM packages come from. `undefined` where nothing is said. @throws UsageError. */
export async function rpmSettings(
  flags: PortFlags,
  config: Config,
  cwd: string,
): Promise<RpmSettings | undefined> {
  const repositories =
    read(flags.rpmRepo, (urls) => checkAddresses(urls, '--rpm-repo')) ??
    read(config.values.port?.rpm?.repositories, (urls) =>
      checkAddresses(urls, memberOf(config, 'port.rpm.repositories')),
    );
  const settings = present({ ...(await packageSettings('rpm', { flags, config, cwd })), repositories });
  return Object.keys(settings).length === 0 ? undefined : settings;
}

function checkAddresses(urls: readonly string[], origin: string): readonly string[] {
  for (const url of urls) checkAddress(url, origin);
  return urls;
}

type Mirrors = Readonly<Record<string, string>>;

function joined(...all: readonly (Mirrors | undefined)[]): Mirrors | undefined {
  const entries = all.flatMap((mirrors) => Object.entries(mirrors ?? {}));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** `ARCHIVE=MIRROR`: the `=` that both addresses meet at is the one before a scheme. */
function readMirrors(texts: readonly string[]): Mirrors {
  const pairs = texts.map((text) => {
    const [, archive = '', mirror = ''] = /^(.*?)=(https?:\/\/.*)$/is.exec(text) ?? [];
    if (archive === '')
      throw new UsageError('USAGE', `--mirror "${text}" is not ARCHIVE=MIRROR`, {
        hint: 'Write it like --mirror http://archive.example/debian=https://mirror.example/debian.',
      });
    return [archive, mirror] as const;
  });
  return checkMirrors(Object.fromEntries(pairs), '--mirror');
}

function checkMirrors(mirrors: Mirrors, origin: string): Mirrors {
  for (const address of Object.entries(mirrors).flat()) checkAddress(address, origin);
  return mirrors;
}

/** @throws UsageError. */
export function checkAddress(text: string, origin: string): void {
  if (/^https?:\/\/[^/?#]/i.test(text) && !/[\s{}]/.test(text) && URL.canParse(text)) return;
  throw new UsageError('USAGE', `${origin} "${text}" is not an http or https address`);
}

interface NamedFile {
  readonly file: string;
  readonly directory: string;
  readonly origin: string;
}

async function readable(files: readonly NamedFile[]): Promise<readonly string[] | undefined> {
  const paths: string[] = [];
  for (const { file, ...where } of files) paths.push(await checkReadable(file, where));
  return paths.length === 0 ? undefined : paths;
}

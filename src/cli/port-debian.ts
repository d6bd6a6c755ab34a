import { UsageError } from '../core/index.ts';
import type { DebianSettings } from '../port/index.ts';
import type { Config } from './config.ts';
import { checkReadable } from './port-files.ts';
import type { PortFlags } from './port-flags.ts';
import { memberOf, present, read } from './settings.ts';

/**
 * Where Debian packages come from. Mirrors and keyrings of the command line stand beside those of the configuration, and
 * a mirror of the same archive in its place. `undefined` where nothing is said.
 * @throws UsageError naming the option, member or file that is wrong.
 */
export async function debianSettings(
  flags: PortFlags,
  config: Config,
  cwd: string,
): Promise<DebianSettings | undefined> {
  const configured = config.values.port?.debian ?? {};
  const inConfig = (member: string) => memberOf(config, `port.debian.${member}`);
  const settings = present({
    mirrors: joined(
      read(configured.mirrors, (mirrors) => checkMirrors(mirrors, inConfig('mirrors'))),
      read(flags.mirror, readMirrors),
    ),
    snapshot:
      read(flags.snapshot, (text) => readSnapshot(text, '--snapshot')) ??
      read(configured.snapshot, (text) => readSnapshot(text, inConfig('snapshot'))),
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
  return Object.keys(settings).length === 0 ? undefined : settings;
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

/** @throws UsageError also without `{archive}` or `{time}`: every archive's past would be looked for at one place. */
function readSnapshot(text: string, origin: string): string {
  checkAddress(text.replaceAll('{archive}', 'archive').replaceAll('{time}', 'time'), origin);
  const missing = ['{archive}', '{time}'].find((word) => !text.includes(word));
  if (missing === undefined) return text;
  throw new UsageError('USAGE', `${origin} "${text}" has no ${missing} in it`, {
    hint: 'Write it like https://snapshots.example/archive/{archive}/{time}.',
  });
}

function checkAddress(text: string, origin: string): void {
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

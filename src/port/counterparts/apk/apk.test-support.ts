import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { file } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import {
  type Answer,
  bodyOf,
  memberName,
  tarOf,
  withFolders,
} from '../shared/packages/scene.test-support.ts';

export type Architecture = 'x86_64' | 'aarch64' | 'noarch';

/** A package as it is for one architecture. */
export interface ApkSpec {
  readonly name: string;
  /** `1.0-r0` unless told. */
  readonly version?: string;
  readonly architecture: Architecture;
  readonly files?: readonly TarMember[];
  /** Lines of the index by their letters: `D`, `p`, `o`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** By name: `.post-install`. */
  readonly scripts?: Readonly<Record<string, string>>;
  readonly replaces?: string;
  readonly triggers?: string;
}

/** A package's file, with what is known of it. */
export interface MadeApk {
  readonly spec: ApkSpec;
  readonly bytes: Buffer;
  /** `Q1…`. */
  readonly checksum: string;
}

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The key that signs, under its name, and another by the same name. */
export const keyName = 'builder@example.org-1.rsa.pub';
export const keyPem = pair.publicKey.export({ type: 'spki', format: 'pem' });
export const strangerPem = stranger.publicKey.export({ type: 'spki', format: 'pem' });

export function sha1(bytes: string | Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}

export interface Signing {
  readonly kind?: 'RSA' | 'RSA256';
  readonly by?: 'us' | 'stranger' | 'nobody';
}

/** Puts a signature before what it signs. */
export async function signed(bytes: Buffer, { kind = 'RSA', by = 'us' }: Signing = {}): Promise<Buffer> {
  if (by === 'nobody') return bytes;
  const key = by === 'us' ? pair.privateKey : stranger.privateKey;
  const body = sign(kind === 'RSA' ? 'sha1' : 'sha256', bytes, key);
  const tar = await tarOf([file(`.SIGN.${kind}.${keyName}`, body)], { isCut: true });
  return Buffer.concat([gzipSync(tar), bytes]);
}

export async function apkOf(spec: ApkSpec, signing: Signing = {}): Promise<MadeApk> {
  const data = gzipSync(await tarOf(withFolders(spec.files ?? []).map(withSum)));
  const datahash = createHash('sha256').update(data).digest('hex');
  const scripts = Object.entries(spec.scripts ?? {}).map(([name, text]) => file(name, text, 0o755));
  const info = [file('.PKGINFO', infoOf(spec, datahash)), ...scripts];
  const control = gzipSync(await tarOf(info, { isCut: true }));
  const bytes = Buffer.concat([await signed(control, signing), data]);
  return { spec, bytes, checksum: `Q1${sha1(control).toString('base64')}` };
}

function withSum(member: TarMember): TarMember {
  if ((member.type ?? 'file') !== 'file') return member;
  return { ...member, pax: new Map([['APK-TOOLS.checksum.SHA1', sha1(bodyOf(member)).toString('hex')]]) };
}

function infoOf(spec: ApkSpec, datahash: string): string {
  const { name, version = '1.0-r0', architecture, replaces, triggers, fields = {} } = spec;
  const words = (letter: string): readonly string[] =>
    (fields[letter] ?? '').split(' ').filter((word) => word !== '');
  const lines = [
    '# made by a test',
    `pkgname = ${name}`,
    `pkgver = ${version}`,
    `arch = ${architecture}`,
    ...words('D').map((word) => `depend = ${word}`),
    ...words('p').map((word) => `provides = ${word}`),
    ...(replaces === undefined ? [] : [`replaces = ${replaces}`]),
    ...(triggers === undefined ? [] : [`triggers = ${triggers}`]),
    `datahash = ${datahash}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The lines about a package itself, as an index has them. */
export function headOf({ spec, bytes, checksum }: MadeApk): readonly string[] {
  const { name, version = '1.0-r0', architecture, fields = {} } = spec;
  return [
    ...[`C:${checksum}`, `P:${name}`, `V:${version}`, `A:${architecture}`, `S:${bytes.length}`, 'I:4096'],
    ...['T:a package', 'U:https://example.org', 'L:MIT', 't:1700000000'],
    ...Object.entries(fields).map(([letter, value]) => `${letter}:${value}`),
  ];
}

export async function indexOf(made: readonly MadeApk[], signing: Signing = {}): Promise<Buffer> {
  const text = made.map((one) => `${headOf(one).join('\n')}\n\n`).join('');
  return signed(gzipSync(await tarOf([file('DESCRIPTION', 'v1'), file('APKINDEX', text)])), signing);
}

/** A repository's files for one architecture. */
export async function repositoryOf(
  made: readonly MadeApk[],
  {
    signing = {},
    architecture = 'aarch64',
  }: { readonly signing?: Signing; readonly architecture?: string } = {},
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  answers.set(`main/${architecture}/APKINDEX.tar.gz`, await indexOf(made, signing));
  for (const { spec, bytes } of made)
    answers.set(`main/${architecture}/${spec.name}-${spec.version ?? '1.0-r0'}.apk`, bytes);
  return answers;
}

/** What apk writes where it installs these: their files, and its records. */
export function installed(
  made: readonly MadeApk[],
  { world }: { readonly world?: string } = {},
): readonly TarMember[] {
  const members = new Map<string, TarMember>();
  for (const { spec } of made)
    for (const one of withFolders(spec.files ?? [])) members.set(memberName(one), one);
  const records = made.map((one) => `${[...headOf(one), ...linesOf(one.spec)].join('\n')}\n\n`).join('');
  const database = [
    file('lib/apk/db/installed', records),
    file('lib/apk/db/triggers', made.map(triggerOf).join('')),
    file('etc/apk/world', world ?? made.map(({ spec }) => `${spec.name}\n`).join('')),
  ];
  for (const one of withFolders(database)) members.set(memberName(one), one);
  return [...members.values()];
}

/** The scripts of installed packages, in one tar. */
export async function scriptsOf(made: readonly MadeApk[]): Promise<TarMember> {
  const members = made.flatMap(({ spec, checksum }) =>
    Object.entries(spec.scripts ?? {}).map(([name, text]) =>
      file(`${spec.name}-${spec.version ?? '1.0-r0'}.${checksum}${name}`, text, 0o755),
    ),
  );
  return file('lib/apk/db/scripts.tar', await tarOf(members));
}

function triggerOf({ spec, checksum }: MadeApk): string {
  return spec.triggers === undefined ? '' : `${checksum} ${spec.triggers}\n`;
}

/** Lines about files, folder by folder. */
export function linesOf({ files = [] }: ApkSpec): readonly string[] {
  const all = withFolders(files);
  const folders = all.filter(({ type }) => type === 'directory').map(memberName);
  return folders.flatMap((folder) => [
    `F:${folder}`,
    ...all
      .filter((one) => one.type !== 'directory' && memberName(one).replace(/\/[^/]*$/, '') === folder)
      .flatMap(fileLines),
  ]);
}

function fileLines(member: TarMember): readonly string[] {
  const name = memberName(member).replace(/^.*\//, '');
  const { type = 'file', mode = type === 'symlink' ? 0o777 : 0o644, linkName = '' } = member;
  const sum = sha1(type === 'symlink' ? linkName : bodyOf(member)).toString('base64');
  return [`R:${name}`, ...(mode === 0o644 ? [] : [`a:0:0:${mode.toString(8)}`]), `Z:Q1${sum}`];
}

/** What an Alpine-like image has besides its packages. */
export function system(url: string): readonly TarMember[] {
  return withFolders([
    file('etc/apk/repositories', `# the image's own\n${url}/main\n`),
    file('etc/apk/arch', 'x86_64\n'),
    file(`etc/apk/keys/${keyName}`, keyPem),
    file('etc/os-release', 'ID=alpine\nVERSION_ID=3.18.4\n'),
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/ash\nweb:x:101:102::/:/sbin/nologin\n'),
    file('etc/group', 'root:x:0:\nweb:x:102:\n'),
  ]);
}

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as openpgp from 'openpgp';
import { file } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import { type Answer, bodyOf, memberName, withFolders } from '../shared/packages/scene.test-support.ts';

export type Architecture = 'x86_64' | 'aarch64' | 'noarch';

/** A package as it is for one architecture. */
export interface RpmSpec {
  readonly name: string;
  /** `1.0` unless told. */
  readonly version?: string;
  /** `1.el9` unless told. */
  readonly release?: string;
  readonly epoch?: number;
  readonly architecture: Architecture;
  readonly files?: readonly TarMember[];
  /** Paths of configuration files, documentation, and files that are only claimed. */
  readonly config?: readonly string[];
  readonly docs?: readonly string[];
  readonly ghosts?: readonly string[];
  readonly requires?: readonly string[];
  readonly provides?: readonly string[];
  /** `%post`. */
  readonly post?: string;
  /** The form of the payload. */
  readonly payload?: 'newc' | 'large';
}

export interface MadeRpm {
  readonly spec: RpmSpec;
  readonly bytes: Buffer;
  /** The header without its magic number. */
  readonly header: Buffer;
  readonly signature: readonly Field[];
}

type Value = string | number | readonly string[] | readonly number[] | Uint8Array;
type Kind = 'int16' | 'int32' | 'string' | 'strings' | 'i18n' | 'bin' | 'char';
export type Field = readonly [tag: number, kind: Kind, value: Value];

const codes = { char: 1, int16: 3, int32: 4, string: 6, bin: 7, strings: 8, i18n: 9 } as const;
const magic = Buffer.from([0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0]);

export interface Keys {
  readonly publicKey: string;
  readonly privateKey: openpgp.PrivateKey;
}

export async function makeKeys(name: string): Promise<Keys> {
  const { privateKey, publicKey } = await openpgp.generateKey({
    ...{ type: 'ecc', curve: 'ed25519Legacy', userIDs: [{ name, email: 'packages@example.org' }] },
    ...{ format: 'object', date: new Date(Date.now() - 3_600_000) },
  });
  return { privateKey, publicKey: publicKey.armor() };
}

async function signatureOf(bytes: Uint8Array, { privateKey }: Keys): Promise<Uint8Array> {
  const message = await openpgp.createMessage({ binary: Uint8Array.from(bytes) });
  const signature = await openpgp.sign({
    message,
    signingKeys: privateKey,
    detached: true,
    format: 'binary',
  });
  return signature as Uint8Array;
}

interface Encoded {
  readonly code: number;
  readonly count: number;
  readonly align: number;
  readonly data: Buffer;
}

function encoded(kind: Kind, value: Value): Encoded {
  const code = codes[kind];
  if (value instanceof Uint8Array) return { code, count: value.length, align: 1, data: Buffer.from(value) };
  const all = Array.isArray(value) ? value : [value];
  if (kind === 'int16' || kind === 'int32') {
    const size = kind === 'int16' ? 2 : 4;
    const data = Buffer.alloc(size * all.length);
    for (const [at, one] of all.entries())
      if (size === 2) data.writeUInt16BE(Number(one), 2 * at);
      else data.writeUInt32BE(Number(one) >>> 0, 4 * at);
    return { code, count: all.length, align: size, data };
  }
  return { code, count: all.length, align: 1, data: Buffer.from(all.map((one) => `${one}\0`).join('')) };
}

/** A header: fields that are signed as one, and others behind them. */
export function headerOf(region: number, own: readonly Field[], more: readonly Field[] = []): Buffer {
  const index: Buffer[] = [];
  let data = Buffer.alloc(0);
  const put = ([tag, kind, value]: Field): void => {
    const { code, count, align, data: bytes } = encoded(kind, value);
    data = Buffer.concat([data, Buffer.alloc(-data.length & (align - 1))]);
    index.push(numbers(tag, code, data.length, count));
    data = Buffer.concat([data, bytes]);
  };
  for (const field of own) put(field);
  index.unshift(numbers(region, codes.bin, data.length, 16));
  data = Buffer.concat([data, numbers(region, codes.bin, -16 * index.length, 16)]);
  for (const field of more) put(field);
  return Buffer.concat([numbers(index.length, data.length), ...index, data]);
}

function numbers(...all: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * all.length);
  for (const [at, one] of all.entries()) bytes.writeInt32BE(one | 0, 4 * at);
  return bytes;
}

const kinds: Readonly<Record<string, number>> = { file: 0o100000, directory: 0o040000, symlink: 0o120000 };

interface ListedFile {
  readonly path: string;
  readonly mode: number;
  readonly body: Buffer;
  readonly link: string;
  readonly flags: number;
}

export function filesOf({ files = [], config = [], docs = [], ghosts = [] }: RpmSpec): readonly ListedFile[] {
  const all = withFolders([...files, ...ghosts.map((path) => file(path, ''))]);
  return all.map((member) => {
    const { type = 'file', mode = type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644 } =
      member;
    const path = memberName(member);
    const flag = (paths: readonly string[], bit: number): number => (paths.includes(path) ? bit : 0);
    return {
      ...{ path, mode: (kinds[type] ?? 0) | mode, link: String(member.linkName ?? '') },
      body: type === 'symlink' ? Buffer.from(String(member.linkName)) : bodyOf(member),
      flags: flag(config, 1) | flag(docs, 2) | flag(ghosts, 64),
    };
  });
}

export function mainFields(spec: RpmSpec, payload: Buffer): readonly Field[] {
  const {
    name,
    version = '1.0',
    release = '1.el9',
    architecture,
    epoch,
    requires = [],
    provides = [],
    post,
  } = spec;
  const listed = filesOf(spec);
  const split = listed.map(
    ({ path }) => [path.slice(0, path.lastIndexOf('/') + 1), path.slice(path.lastIndexOf('/') + 1)] as const,
  );
  const folders = [...new Set(split.map(([folder]) => `/${folder}`))];
  const given = [name, ...provides];
  const isFile = (mode: number): boolean => (mode & 0o170000) === 0o100000;
  const digest = ({ mode, body, flags }: ListedFile): string =>
    isFile(mode) && (flags & 64) === 0 ? sha256(body) : '';
  const ofFiles: readonly Field[] = [
    [1028, 'int32', listed.map(({ body }) => body.length)],
    [1030, 'int16', listed.map(({ mode }) => mode)],
    [1034, 'int32', listed.map(() => 1_700_000_000)],
    [1035, 'strings', listed.map(digest)],
    [1036, 'strings', listed.map(({ link }) => link)],
    [1037, 'int32', listed.map(({ flags }) => flags)],
    [1039, 'strings', listed.map(() => 'root')],
    [1040, 'strings', listed.map(() => 'root')],
    [1095, 'int32', listed.map(() => 1)],
    [1096, 'int32', listed.map((_, at) => at + 1)],
    [1116, 'int32', split.map(([folder]) => folders.indexOf(`/${folder}`))],
    [1117, 'strings', split.map(([, base]) => base)],
    [1118, 'strings', folders],
    [5011, 'int32', 8],
  ];
  const fields: readonly Field[] = [
    [100, 'strings', ['C']],
    [1000, 'string', name],
    [1001, 'string', version],
    [1002, 'string', release],
    ...(epoch === undefined ? [] : [[1003, 'int32', epoch] as const]),
    [1016, 'i18n', ['Unspecified']],
    [1022, 'string', architecture],
    ...(post === undefined
      ? []
      : ([
          [1024, 'string', post],
          [1086, 'string', '/bin/sh'],
        ] as const)),
    [1044, 'string', `${name}-${version}-${release}.src.rpm`],
    [1047, 'strings', given],
    ...(requires.length === 0
      ? []
      : ([
          [1048, 'int32', requires.map(() => 0)],
          [1049, 'strings', requires],
        ] as const)),
    ...(listed.length === 0 ? [] : ofFiles),
    [1124, 'string', 'cpio'],
    [1125, 'string', 'gzip'],
    [5092, 'strings', [sha256(payload)]],
    [5093, 'int32', 8],
  ];
  return [...fields].sort(([left], [right]) => left - right);
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function payloadOf(spec: RpmSpec): Buffer {
  const parts: Buffer[] = [];
  const put = (...pieces: readonly Buffer[]): void => {
    for (const piece of pieces) parts.push(piece, Buffer.alloc(-piece.length & 3));
  };
  const hex = (value: number): string => value.toString(16).padStart(8, '0');
  const head = (name: string, mode: number, size: number): Buffer =>
    Buffer.from(
      `070701${[1, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name.length + 1, 0].map(hex).join('')}${name}\0`,
    );
  for (const [at, { path, mode, body, flags }] of filesOf(spec).entries()) {
    if ((flags & 64) !== 0) continue;
    if (spec.payload === 'large') put(Buffer.from(`07070X${hex(at)}`), body);
    else put(head(`./${path}`, mode, body.length), body);
  }
  put(head('TRAILER!!!', 0, 0));
  return gzipSync(Buffer.concat(parts));
}

/** A package, signed where keys are given. */
export async function rpmOf(spec: RpmSpec, keys?: Keys): Promise<MadeRpm> {
  const payload = payloadOf(spec);
  const header = headerOf(63, mainFields(spec, payload));
  const whole = Buffer.concat([magic, header]);
  const signature: readonly Field[] = [
    ...(keys === undefined ? [] : [[268, 'bin', await signatureOf(whole, keys)] as const]),
    [269, 'string', createHash('sha1').update(whole).digest('hex')],
    [273, 'string', sha256(whole)],
    [1000, 'int32', whole.length + payload.length],
    [1004, 'bin', createHash('md5').update(whole).update(payload).digest()],
    [1007, 'int32', payload.length],
  ];
  const before = headerOf(62, signature);
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb, 0);
  lead[4] = 3;
  const bytes = Buffer.concat([lead, magic, before, Buffer.alloc(-before.length & 7), whole, payload]);
  return { spec, bytes, header, signature };
}

export function fileName({ name, version = '1.0', release = '1.el9', architecture }: RpmSpec): string {
  return `Packages/${name}-${version}-${release}.${architecture}.rpm`;
}

/** A repository's files. */
export function repositoryOf(made: readonly MadeRpm[], { folder = 'repo' } = {}): Map<string, Answer> {
  const primary = gzipSync(
    `<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${made.length}">\n${made.map(primaryOf).join('')}</metadata>\n`,
  );
  const answers = new Map<string, Answer>(
    made.map(({ spec, bytes }) => [`${folder}/${fileName(spec)}`, bytes]),
  );
  answers.set(`${folder}/repodata/${sha256(primary)}-primary.xml.gz`, primary);
  answers.set(
    `${folder}/repodata/repomd.xml`,
    Buffer.from(
      `<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision><data type="filelists"><checksum type="sha256">${'0'.repeat(64)}</checksum><location href="repodata/filelists.xml.gz"/></data><data type="primary"><checksum type="sha256">${sha256(primary)}</checksum><open-checksum type="sha256">${'1'.repeat(64)}</open-checksum><location href="repodata/${sha256(primary)}-primary.xml.gz"/></data></repomd>`,
    ),
  );
  return answers;
}

function primaryOf({ spec, bytes }: MadeRpm): string {
  const {
    name,
    version = '1.0',
    release = '1.el9',
    epoch = 0,
    architecture,
    requires = [],
    provides = [],
  } = spec;
  const entries = (names: readonly string[]): string =>
    names.map((one) => `<rpm:entry name="${one}"/>`).join('');
  return `<package type="rpm"><name>${name}</name><arch>${architecture}</arch><version epoch="${epoch}" ver="${version}" rel="${release}"/><checksum type="sha256" pkgid="YES">${sha256(bytes)}</checksum><summary>a &lt;package&gt; &amp; more</summary><size package="${bytes.length}" installed="1" archive="1"/><location href="${fileName(spec)}"/><format><rpm:license>MIT</rpm:license><rpm:sourcerpm>${name}-${version}-${release}.src.rpm</rpm:sourcerpm><rpm:provides>${entries([name, ...provides])}</rpm:provides><rpm:requires>${entries(requires)}</rpm:requires><file>/usr/bin/${name}</file></format></package>\n`;
}

/** What an image of Fedora's kind has besides its packages. */
export function system(url: string, { publicKey }: Keys): readonly TarMember[] {
  return withFolders([
    file(
      'etc/yum.repos.d/example.repo',
      `[example]\nname=Example $releasever\nbaseurl=${url}/$repo\nenabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-example\n\n[off]\nbaseurl=${url}/off\nenabled=0\n`,
    ),
    file('etc/dnf/vars/repo', 'repo\n'),
    file('etc/pki/rpm-gpg/RPM-GPG-KEY-example', publicKey),
    file('etc/os-release', 'ID=fedora\nVERSION_ID=38\n'),
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/bash\n'),
  ]);
}

import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { directory, file, type Machine, writeElf } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';

export interface ZipEntrySpec {
  readonly name: string;
  readonly data: Uint8Array | string;
  /** Type and permission bits; a plain file's unless told. */
  readonly mode?: number;
  /** What the header before the content calls it, where that differs. */
  readonly localName?: string;
  /** What the list says of its size, where that differs. */
  readonly size?: number;
}

/** A zip of packed files, as Python's `zipfile` writes it on Unix. */
export function zipOf(entries: readonly ZipEntrySpec[]): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const { name, data, mode = 0o100_644, localName = name, size } of entries) {
    const bytes = Buffer.from(data);
    const packed = deflateRawSync(bytes);
    const sizes = { packed: packed.length, size: size ?? bytes.length, crc: checksum(bytes) };
    const local = Buffer.concat([header(0x0403_4b50, 30, { ...sizes, name: localName }), packed]);
    const central = header(0x0201_4b50, 46, { ...sizes, name });
    central[5] = 3;
    central.writeUInt16LE(mode, 40);
    central.writeUInt32LE(offset, 42);
    parts.push(local);
    list.push(central);
    offset += local.length;
  }
  const directoryBytes = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directoryBytes.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directoryBytes, end]);
}

function checksum(bytes: Uint8Array): number {
  return crc32(bytes);
}

function header(
  signature: number,
  length: number,
  { name, crc, packed, size }: { name: string; crc: number; packed: number; size: number },
): Buffer {
  const head = Buffer.alloc(length);
  const at = length === 30 ? 14 : 16;
  head.writeUInt32LE(signature, 0);
  head.writeUInt16LE(8, at - 6);
  head.writeUInt32LE(crc, at);
  head.writeUInt32LE(packed, at + 4);
  head.writeUInt32LE(size, at + 8);
  head.writeUInt16LE(Buffer.byteLength(name), at + 12);
  return Buffer.concat([head, Buffer.from(name)]);
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function recordLine(path: string, data: Uint8Array | string): string {
  const sum = createHash('sha256').update(data).digest('base64url');
  return `${path},sha256=${sum},${Buffer.byteLength(data)}`;
}

export type Files = Readonly<Record<string, Uint8Array | string>>;

export interface WheelSpec {
  /** As it stands in the file's name. */
  readonly name?: string;
  readonly version?: string;
  readonly build?: string;
  /** `cp311-cp311-manylinux_2_17_x86_64`. */
  readonly tag: string;
  readonly files: Files;
  /** What its METADATA and WHEEL say, where that is something else. */
  readonly metadata?: string;
  readonly wheel?: string;
  /** Its RECORD, where that is something else. */
  readonly record?: (right: string) => string;
  /** More entries of the zip, not in RECORD. */
  readonly more?: readonly ZipEntrySpec[];
}

export interface MadeWheel {
  readonly file: string;
  readonly bytes: Buffer;
  /** With its dist-info folder. */
  readonly files: Files;
  readonly info: string;
}

export function makeWheel(spec: WheelSpec): MadeWheel {
  const { name = 'fast', version = '1.0', build, tag, more = [] } = spec;
  const info = `${name}-${version}.dist-info`;
  const [pythons = '', abis = '', platforms = ''] = tag.split('-');
  const tags = pythons
    .split('.')
    .flatMap((python) => platforms.split('.').map((platform) => `Tag: ${python}-${abis}-${platform}\n`));
  const files: Files = {
    ...spec.files,
    [`${info}/METADATA`]:
      spec.metadata ?? `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n\nText\n`,
    [`${info}/WHEEL`]:
      spec.wheel ?? `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\n${tags.join('')}`,
  };
  const right = [...Object.entries(files).map(([path, data]) => recordLine(path, data)), `${info}/RECORD,,`]
    .map((line) => `${line}\n`)
    .join('');
  const record = spec.record?.(right) ?? right;
  const entries = [...Object.entries(files), [`${info}/RECORD`, record] as const].map(([path, data]) => ({
    name: path,
    data,
    ...(path.endsWith('.so') ? { mode: 0o100_755 } : {}),
  }));
  const file = [name, version, ...(build === undefined ? [] : [build]), `${tag}.whl`].join('-');
  return { file, bytes: zipOf([...entries, ...more]), files: { ...files, [`${info}/RECORD`]: record }, info };
}

export const site = 'usr/local/lib/python3.11/site-packages';

export interface InstallOptions {
  /** Where it goes. */
  readonly site?: string;
  /** More lines of RECORD and files, by path relative to the site. */
  readonly generated?: Files;
  /** What the installer wrote in place of a wheel's file, by its installed path. */
  readonly written?: Files;
  /** Files as they are in the image now, by installed path; `undefined` for deleted ones. */
  readonly changed?: Readonly<Record<string, Uint8Array | string | undefined>>;
  readonly wheelText?: string;
  readonly lineEnd?: string;
  readonly uid?: number;
}

/** What an installer makes of a wheel: its files, and a RECORD with a line for each and for what it made itself. */
export function install({ files, info }: MadeWheel, options: InstallOptions = {}): readonly TarMember[] {
  const {
    site: folder = site,
    generated = {},
    written = {},
    changed = {},
    lineEnd = '\n',
    uid = 0,
  } = options;
  const data = `${info.slice(0, -'.dist-info'.length)}.data/`;
  const placed = new Map<string, Uint8Array | string>();
  for (const [path, content] of Object.entries(files)) {
    if (path === `${info}/RECORD`) continue;
    const own = path === `${info}/WHEEL` ? (options.wheelText ?? content) : content;
    placed.set(path.startsWith(data) ? spread(path.slice(data.length)) : path, own);
  }
  for (const [path, content] of Object.entries({ ...generated, ...written })) placed.set(path, content);
  placed.set(`${info}/INSTALLER`, 'pip\n');
  const lines = [...placed].map(([path, content]) => recordLine(path, content));
  const record = [...lines, `${info}/RECORD,,`].map((line) => `${line}${lineEnd}`).join('');
  placed.set(`${info}/RECORD`, record);
  const now = [...placed].flatMap(([path, content]): readonly TarMember[] => {
    const is = path in changed ? changed[path] : content;
    if (is === undefined) return [];
    const name = new URL(`/${folder}/${path}`, 'file:///').pathname.slice(1);
    return [
      { ...file(name, is, path.includes('/bin/') ? 0o755 : 0o644), uid, gid: uid, mtime: 1_700_000_000 },
    ];
  });
  return [directory(`${folder}/`), ...now];
}

/** As a prefix has it. */
function spread(path: string): string {
  const [scheme = '', ...rest] = path.split('/');
  const to = { scripts: 'bin/', data: '', headers: 'include/python3.11/fast/' }[scheme];
  return to === undefined ? rest.join('/') : `../../../${to}${rest.join('/')}`;
}

export function library(machine: Machine, soname = 'x'): Uint8Array {
  return writeElf({ machine, kind: 'library', soname, needed: ['libc.so.6'] });
}
export const amd64 = library('amd64');
export const arm64 = library('arm64');

export const amd64Tag = 'cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64';
export const arm64Tag = 'cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64';

/** One package for both machines: an extension by each one's name, a library beside it, sources and a script. */
export function pairOf(more: Partial<WheelSpec> = {}, other: Files = {}): readonly [MadeWheel, MadeWheel] {
  const shared = { 'fast/__init__.py': 'from . import _speed\n', 'fast/data.txt': 'data\n', ...more.files };
  const { files: _, ...rest } = more;
  return [
    makeWheel({
      tag: amd64Tag,
      ...rest,
      files: {
        ...shared,
        'fast/_speed.cpython-311-x86_64-linux-gnu.so': amd64,
        'fast.libs/libz-0a1b.so.1': amd64,
      },
    }),
    makeWheel({
      tag: arm64Tag,
      ...rest,
      files: {
        ...shared,
        ...other,
        'fast/_speed.cpython-311-aarch64-linux-gnu.so': arm64,
        'fast.libs/libz-9f8e.so.1': arm64,
      },
    }),
  ];
}

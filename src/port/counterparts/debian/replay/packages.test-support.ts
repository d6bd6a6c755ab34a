import { createHash } from 'node:crypto';
import { file, writeElf } from '../../../../fixture/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import { paragraph, writeDeb } from '../deb/deb.test-support.ts';

export type Architecture = 'amd64' | 'arm64' | 'all';

/** A package as it is for one architecture. */
export interface PackageSpec {
  readonly name: string;
  /** `1.0-1` unless told. */
  readonly version?: string;
  readonly architecture: Architecture;
  readonly fields?: Readonly<Record<string, string>>;
  readonly files?: readonly TarMember[];
  /** From the root, without a slash. */
  readonly conffiles?: readonly string[];
  /** More files of the control tar. */
  readonly control?: Readonly<Record<string, string>>;
  /** Leaves `md5sums` out. */
  readonly withoutSums?: true;
}

/** A small program or library; `text` makes it another one. */
export function elf(machine: 'amd64' | 'arm64', text = '', soname?: string): Uint8Array {
  const code = writeElf({
    machine,
    kind: soname === undefined ? 'executable' : 'library',
    ...(soname === undefined ? {} : { soname }),
  });
  return Buffer.concat([code, Buffer.from(text)]);
}

export function md5(body: string | Uint8Array): string {
  return createHash('md5').update(body).digest('hex');
}

export function sha256(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

const nameOf = ({ name }: TarMember): string =>
  String(name)
    .replace(/^\.?\//, '')
    .replace(/\/$/, '');
const isFile = ({ type = 'file' }: TarMember): boolean => type === 'file';

function controlFiles(spec: PackageSpec): Readonly<Record<string, string>> {
  const { files = [], conffiles = [], control = {} } = spec;
  const sums = files
    .filter((one) => isFile(one) && !conffiles.includes(nameOf(one)))
    .map((one) => `${md5(bodyOf(one))}  ${nameOf(one)}\n`);
  return {
    ...(spec.withoutSums ? {} : { md5sums: sums.join('') }),
    ...(conffiles.length === 0 ? {} : { conffiles: conffiles.map((path) => `/${path}\n`).join('') }),
    ...control,
  };
}

function bodyOf({ body }: TarMember): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array(0);
}

function fieldsOf({
  name,
  version = '1.0-1',
  architecture,
  fields = {},
}: PackageSpec): Record<string, string> {
  return { Package: name, Version: version, Architecture: architecture, ...fields };
}

/** Every file with the directories on the way to it, as packages have them. */
function withFolders(files: readonly TarMember[]): readonly TarMember[] {
  const named = new Set(files.map(nameOf));
  const folders = new Set(
    files.flatMap((one) => {
      const parts = nameOf(one).split('/').slice(0, -1);
      return parts.map((_part, at) => parts.slice(0, at + 1).join('/'));
    }),
  );
  const missing = [...folders].filter((path) => !named.has(path));
  return [...missing.map((name): TarMember => ({ name, type: 'directory' })), ...files];
}

export function debOf(spec: PackageSpec): Promise<Buffer> {
  const { files = [] } = spec;
  return writeDeb({
    fields: fieldsOf(spec),
    files: withFolders(files).map((one) => ({ ...one, name: `./${nameOf(one)}` })),
    control: controlFiles(spec),
  });
}

/** What dpkg writes where it installs these: their files, and its records. */
export function installed(specs: readonly PackageSpec[], more: InstallOptions = {}): readonly TarMember[] {
  const status = [...specs].map((spec) => `${paragraph(statusOf(spec, more))}\n`).join('');
  const members = new Map<string, TarMember>();
  for (const one of specs.flatMap((spec) => withFolders(spec.files ?? []))) members.set(nameOf(one), one);
  for (const one of specs.flatMap(infoOf)) members.set(nameOf(one), one);
  members.set('var/lib/dpkg/status', file('var/lib/dpkg/status', status));
  return [...members.values()];
}

export interface InstallOptions {
  /** `install ok installed` unless told. */
  readonly states?: Readonly<Record<string, string>>;
}

function statusOf(spec: PackageSpec, { states = {} }: InstallOptions): Record<string, string> {
  const { files = [], conffiles = [] } = spec;
  const { Package: name = '', ...fields } = fieldsOf(spec);
  const lines = conffiles.map((path) => {
    const own = files.find((one) => nameOf(one) === path);
    return `/${path} ${own === undefined ? '0'.repeat(32) : md5(bodyOf(own))}`;
  });
  return {
    Package: name,
    Status: states[name] ?? 'install ok installed',
    ...fields,
    ...(lines.length === 0 ? {} : { Conffiles: `\n${lines.join('\n')}` }),
  };
}

export function infoPath({ name, architecture, fields }: PackageSpec, kind: string): string {
  const own = fields?.['Multi-Arch'] === 'same' ? `${name}:${architecture}` : name;
  return `var/lib/dpkg/info/${own}.${kind}`;
}

function infoOf(spec: PackageSpec): readonly TarMember[] {
  const list = ['/.', ...withFolders(spec.files ?? []).map((one) => `/${nameOf(one)}`)];
  return [
    file(infoPath(spec, 'list'), `${list.join('\n')}\n`),
    ...Object.entries(controlFiles(spec)).map(([kind, text]) => file(infoPath(spec, kind), text)),
  ];
}

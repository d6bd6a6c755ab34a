import { PackagesError } from '../shared/packages/errors.ts';
import { readXml } from './xml.ts';

/** Where a repository's list of packages is, and what it must be. */
export interface PrimaryFile {
  /** Relative to the repository. */
  readonly href: string;
  /** A hash's name as Node has it. */
  readonly algorithm: string;
  /** Hexadecimal. */
  readonly hex: string;
}

/** Hashes that a repository may name; older ones are not believed. */
const algorithms: Readonly<Record<string, string>> = { sha256: 'sha256', sha384: 'sha384', sha512: 'sha512' };

/** Reads a `repomd.xml`. @throws PackagesError `PACKAGES_MALFORMED` or `PACKAGES_UNSUPPORTED`. */
export async function readRepomd(bytes: Uint8Array, name: string): Promise<PrimaryFile> {
  const input = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  const found = { href: '', type: '', hex: '' };
  let [section, inside] = ['', ''];
  for await (const event of readXml(input(), name)) {
    if (event.kind === 'open' && event.name === 'data') section = event.attributes.get('type') ?? '';
    else if (event.kind === 'close' && event.name === 'data') section = '';
    if (section !== 'primary') continue;
    if (event.kind === 'close') inside = '';
    else if (event.kind === 'text' && inside === 'checksum') found.hex += event.text.trim();
    else if (event.kind === 'open') {
      inside = event.isEmpty ? '' : event.name;
      if (event.name === 'location') found.href = event.attributes.get('href') ?? '';
      if (event.name === 'checksum') found.type = event.attributes.get('type') ?? '';
    }
  }
  return { href: checkedHref(found.href, name), ...checkedSum(found.type, found.hex, name) };
}

/** A path inside of the repository. @throws PackagesError `PACKAGES_MALFORMED`. */
export function checkedHref(href: string, name: string): string {
  const isPlain = /^[A-Za-z0-9][^\s?#\\]*$/.test(href) && !/^[a-z0-9+.-]+:/i.test(href);
  if (isPlain && !href.split('/').includes('..')) return href;
  throw new PackagesError(
    'PACKAGES_MALFORMED',
    `${name} names "${href.slice(0, 200)}", which is no file of the repository`,
  );
}

export function checkedSum(type: string, hex: string, name: string): Pick<PrimaryFile, 'algorithm' | 'hex'> {
  const algorithm = algorithms[type];
  if (algorithm === undefined)
    throw new PackagesError(
      'PACKAGES_UNSUPPORTED',
      `${name} has sums of the kind "${type.slice(0, 50)}", which armload doesn't believe`,
    );
  if (!/^[0-9a-f]{64,128}$/i.test(hex))
    throw new PackagesError('PACKAGES_MALFORMED', `${name} has a sum that is none`);
  return { algorithm, hex: hex.toLowerCase() };
}

import { gzipSync } from 'node:zlib';
import type { TarMember } from '../../../../tar/index.ts';
import { tarOf } from '../parts.test-support.ts';

/** An ar archive of these members, as dpkg-deb writes it. */
export function arOf(...members: readonly (readonly [name: string, bytes: Uint8Array])[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from('!<arch>\n')];
  for (const [name, bytes] of members) {
    const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`;
    parts.push(Buffer.from(header), bytes, Buffer.alloc(bytes.length % 2, '\n'));
  }
  return Buffer.concat(parts);
}

export interface DebSpec {
  readonly fields: Readonly<Record<string, string>>;
  readonly files?: readonly TarMember[];
  /** More files of the control tar. */
  readonly control?: Readonly<Record<string, string>>;
}

/** A package with gzip members. */
export async function writeDeb({ fields, files = [], control = {} }: DebSpec): Promise<Buffer> {
  const controlTar = await tarOf(
    { name: './', type: 'directory' },
    ...Object.entries({ control: paragraph(fields), ...control }).map(([name, text]) => ({
      name: `./${name}`,
      body: Buffer.from(text),
    })),
  );
  const dataTar = await tarOf({ name: './', type: 'directory' }, ...files);
  return arOf(
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', gzipSync(controlTar)],
    ['data.tar.gz', gzipSync(dataTar)],
  );
}

export function paragraph(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value.replaceAll('\n', '\n ')}\n`)
    .join('');
}

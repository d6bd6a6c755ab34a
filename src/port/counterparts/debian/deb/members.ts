import type { ByteSource } from '../byte-source.ts';

const magic = '!<arch>\n';
const headerBytes = 60;

/** A member of an ar archive, whose content comes next. */
export interface Member {
  readonly name: string;
  readonly size: number;
}

/** Reads what an ar archive begins with (deb(5)). @throws DebianError `DEBIAN_MALFORMED`. */
export async function readMagic(source: ByteSource): Promise<void> {
  if (latin1(await source.exactly(magic.length)) !== magic) throw source.malformed('it is no ar archive');
}

/** The next member's header; `undefined` at the end. @throws DebianError `DEBIAN_MALFORMED`. */
export async function nextMember(source: ByteSource): Promise<Member | undefined> {
  if (source.offset % 2 === 1) await skipPadding(source);
  if (await source.atEnd()) return undefined;
  const header = latin1(await source.exactly(headerBytes));
  const size = /^([0-9]{1,10}) *$/.exec(header.slice(48, 58))?.[1];
  if (size === undefined || header.slice(58) !== '`\n')
    throw source.malformed('a member has no valid header');
  return { name: header.slice(0, 16).replace(/\/? *$/, ''), size: Number(size) };
}

/** Members begin at even places. A writer may leave out the last byte. */
async function skipPadding(source: ByteSource): Promise<void> {
  if (!(await source.atEnd())) await source.exactly(1);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

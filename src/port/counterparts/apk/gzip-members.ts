import { inflateRawSync } from 'node:zlib';
import { messageOf } from '../../../core/index.ts';
import { PackagesError } from '../shared/packages/errors.ts';

/** The first of several gzip members that stand one after the other. */
export interface GzipMember {
  readonly content: Uint8Array;
  /** Bytes of the member as it's stored. */
  readonly stored: number;
}

/** Flags of the header (RFC 1952, 2.3.1). */
const [hasCrc, hasExtra, hasName, hasComment] = [2, 4, 8, 16];
const trailerBytes = 8;

/**
 * Inflates one member, and says where it ends. `bytes` may go on behind it.
 * @throws PackagesError `PACKAGES_MALFORMED`, or `PACKAGES_LIMIT` where it's longer than `maxBytes` inflated.
 */
export function firstMember(
  bytes: Uint8Array,
  { name, maxBytes }: { readonly name: string; readonly maxBytes: number },
): GzipMember {
  const start = headerLength(bytes, name);
  try {
    const { buffer, engine } = inflateRawSync(bytes.subarray(start), {
      info: true,
      maxOutputLength: maxBytes,
    }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
    const stored = start + engine.bytesWritten + trailerBytes;
    if (stored > bytes.length) throw malformed(name, 'it ends early');
    return { content: buffer, stored };
  } catch (error) {
    if (error instanceof PackagesError) throw error;
    if (error instanceof RangeError)
      throw new PackagesError(
        'PACKAGES_LIMIT',
        `${name} unpacks to more than the limit of ${maxBytes} bytes`,
      );
    throw malformed(name, messageOf(error));
  }
}

function headerLength(bytes: Uint8Array, name: string): number {
  if (Buffer.from(bytes.subarray(0, 3)).toString('latin1') === 'ADB')
    throw new PackagesError(
      'PACKAGES_UNSUPPORTED',
      `${name} is in the third format of apk, which armload doesn't read`,
    );
  if (bytes.length < 10 || bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8)
    throw malformed(name, 'it is no gzip');
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & hasExtra) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const flag of [hasName, hasComment])
    if ((flags & flag) !== 0) {
      const end = bytes.indexOf(0, at);
      if (end < 0) throw malformed(name, 'its header ends early');
      at = end + 1;
    }
  if ((flags & hasCrc) !== 0) at += 2;
  if (at >= bytes.length) throw malformed(name, 'its header ends early');
  return at;
}

function malformed(name: string, problem: string): PackagesError {
  return new PackagesError('PACKAGES_MALFORMED', `the gzip of ${name} is damaged: ${problem}`);
}

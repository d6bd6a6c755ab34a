import { createHash } from 'node:crypto';
import { type FileFacts, inspectFile } from '../../../../binary/index.ts';
import { PythonError } from '../errors.ts';
import type { ZipMember } from './zip-file.ts';

/** A small file of a wheel as text. @throws PythonError `PYTHON_LIMIT`; what reading it throws. */
export async function textOf(member: ZipMember, maxBytes: number): Promise<string> {
  return (await bytesOf(member, maxBytes)).toString('utf8');
}

/** A small file of a wheel. @throws PythonError `PYTHON_LIMIT`; what reading it throws. */
export async function bytesOf({ name, size, content }: ZipMember, maxBytes: number): Promise<Buffer> {
  if (size > maxBytes)
    throw new PythonError('PYTHON_LIMIT', `${name} has ${size} bytes, and the limit is ${maxBytes}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content()) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

const algorithms = ['sha256', 'sha384', 'sha512'] as const;

export interface Inspected {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly facts: FileFacts;
  /** By the algorithm that RECORD names: `sha256=…`; `undefined` where it names none that is any good. */
  readonly recorded: string | undefined;
}

/** Reads a member through: what it is, and its sums. @throws what reading it throws, the signal's reason. */
export async function inspectMember(
  { name, size, content }: ZipMember,
  hash: string,
  signal: AbortSignal | undefined,
): Promise<Inspected> {
  const algorithm = algorithms.find((known) => hash.startsWith(`${known}=`));
  const sha256 = createHash('sha256');
  const other = algorithm === undefined || algorithm === 'sha256' ? undefined : createHash(algorithm);
  const inspector = inspectFile({ path: name, size });
  for await (const chunk of content()) {
    signal?.throwIfAborted();
    sha256.update(chunk);
    other?.update(chunk);
    inspector.write(chunk);
  }
  const sum = sha256.digest();
  const recorded = algorithm && `${algorithm}=${(other?.digest() ?? sum).toString('base64url')}`;
  return { sha256: sum.toString('hex'), facts: inspector.finish(), recorded };
}

import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ViewEntry } from '../../../layer/index.ts';
import type { OriginContext, PortImage } from '../../origin-types.ts';
import { ReleaseError } from '../release/errors.ts';
import { describe, keep } from '../release/kept-file.ts';
import { extractFromZip } from '../release/zip.ts';
import type { OldJar } from './find-jars.ts';
import type { JavaLimits } from './limits.ts';

/** An archive of the image as a file of this machine, with the jars that lie in it. */
export interface OpenedArchive {
  readonly file: ViewEntry;
  readonly copy: string;
  readonly jars: readonly OldJar[];
}

export interface OpenNestedParts {
  readonly image: PortImage;
  readonly context: Pick<OriginContext, 'folder' | 'signal'>;
  readonly limits: JavaLimits;
}

/**
 * Takes archives out of the image, and looks at the jars in them. What can't be opened stays as it was found, without a hash.
 * @throws LayerError, RegistryError, the signal's reason.
 */
export async function openNested(
  jars: readonly OldJar[],
  { image, context, limits }: OpenNestedParts,
): Promise<readonly OpenedArchive[]> {
  const byFile = new Map<ViewEntry, OldJar[]>();
  for (const jar of jars) {
    const known = byFile.get(jar.file);
    if (known === undefined) byFile.set(jar.file, [jar]);
    else known.push(jar);
  }
  const opened: OpenedArchive[] = [];
  for (const [file, inside] of byFile) {
    const copy = join(context.folder, randomUUID());
    const isWhole = await copied(file, copy, { image, context, limits });
    const looked: OldJar[] = [];
    for (const jar of inside) looked.push(isWhole ? await lookedAt(jar, copy, { context, limits }) : jar);
    opened.push({ file, copy, jars: looked });
  }
  return opened;
}

async function copied(
  file: ViewEntry,
  to: string,
  { image, context: { signal }, limits }: OpenNestedParts,
): Promise<boolean> {
  if (image.read === undefined || file.entry.size > limits.jarBytes) return false;
  const options = { name: file.path, maxBytes: limits.jarBytes, signal };
  const { sha256 } = await keep(image.read(file, signal), to, options);
  return sha256 === file.entry.sha256;
}

/** A jar in a jar in a jar has no entry of its own; what is packed may be damaged. */
function isItsFault(error: unknown): boolean {
  if (error instanceof ReleaseError) return error.code !== 'RELEASE_UNREADABLE';
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

async function lookedAt(
  jar: OldJar,
  copy: string,
  { context: { folder, signal }, limits }: Omit<OpenNestedParts, 'image'>,
): Promise<OldJar> {
  const to = join(folder, randomUUID());
  const bounds = { bytes: limits.jarBytes, unpackedBytes: limits.jarBytes, time: limits.time };
  try {
    await extractFromZip(copy, to, {
      ...{ name: jar.file.path, member: jar.innerPath, limits: bounds },
      ...(signal && { signal }),
    });
    const { sha256, facts } = await describe(to, jar.innerPath, signal);
    return { ...jar, sha256, facts };
  } catch (error) {
    signal?.throwIfAborted();
    if (isItsFault(error)) return jar;
    throw error;
  } finally {
    await rm(to, { force: true });
  }
}

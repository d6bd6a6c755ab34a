import { resolve } from 'node:path';
import { UsageError } from '../../core/index.ts';
import type { Descriptor, Digest, Reference } from '../../oci/index.ts';
import { openOciArchive } from '../archive/oci-archive.ts';
import { type ArchiveWriter, createOciArchive } from '../archive/write-oci-archive.ts';
import { RegistryError } from '../errors.ts';
import { openLayout } from '../layout/layout.ts';
import { formatLocation, type LocalLocation } from '../location.ts';
import type { CallOptions, Repository, WritableRepository } from '../types.ts';

/**
 * A place that an image is written to. Looking at it changes nothing: a layout is made, and an archive begun, by
 * `begin`.
 */
export interface Destination {
  /** As one would write it. */
  readonly name: string;
  /** What the image is to be called; absent only for an archive, which needs no name. */
  readonly tag?: string;
  /** Of a registry: whose blobs can be mounted. */
  readonly home?: Pick<Reference, 'registry' | 'repository'>;
  /** What is there, to be read; `undefined` where there is nothing. */
  readonly existing: Repository | undefined;
  /**
   * What the name points to now, asked anew each time, and of the registry itself; `undefined` for nothing.
   * @throws RegistryError `unsupported` for an archive with other images, which would be lost.
   */
  current(options?: CallOptions): Promise<Digest | undefined>;
  /** False also where there is nothing to write into yet. */
  hasBlob(descriptor: Pick<Descriptor, 'digest' | 'size'>, options?: CallOptions): Promise<boolean>;
  begin(options?: CallOptions): Promise<WritableRepository>;
  /** Puts an archive in its place, in one step. Of others all is in place already. */
  finish(options?: CallOptions): Promise<void>;
  /** Throws away an archive that was begun and not finished. */
  discard(): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** A repository of a registry. It has to read from the registry itself, for a mirror may be behind. */
export function remoteDestination(repository: WritableRepository, reference: Reference): Destination {
  const { registry, repository: path, tag } = reference;
  return {
    name: formatLocation({ transport: 'registry', reference }),
    ...(tag === undefined ? {} : { tag }),
    home: { registry, repository: path },
    existing: repository,
    current: async (options) => (tag === undefined ? undefined : pointsTo(repository, tag, options)),
    hasBlob: (descriptor, options) => repository.hasBlob(descriptor, options),
    begin: () => Promise.resolve(repository),
    finish: nothing,
    discard: nothing,
  };
}

async function pointsTo(
  repository: Repository,
  target: string,
  options: CallOptions = {},
): Promise<Digest | undefined> {
  return unlessMissing(async () => {
    const resolved = await repository.resolve(target, options);
    return resolved?.digest ?? (await repository.manifest(target, options)).digest;
  });
}

/** @throws UsageError for what can't be written; RegistryError for something else that is in its place. */
export async function localDestination(
  location: LocalLocation,
  options: CallOptions & { readonly cwd: string },
): Promise<Destination & { close?(): Promise<void> }> {
  const path = resolve(options.cwd, location.path);
  switch (location.transport) {
    case 'oci':
      return layoutDestination(path, location, options);
    case 'oci-archive':
      return archiveDestination(path, location, options);
    case 'docker-archive':
      throw new UsageError('USAGE', `armload does not write ${formatLocation(location)}`, {
        hint: 'A docker-archive holds one platform only; write an oci-archive: file instead.',
      });
  }
}

async function layoutDestination(
  path: string,
  location: LocalLocation,
  options: CallOptions,
): Promise<Destination> {
  const { tag } = location;
  const name = `oci:${location.path}`;
  const layout = await unlessMissing(() => openLayout(path, { ...options, name }));
  return {
    name: formatLocation(location),
    ...(tag === undefined ? {} : { tag }),
    existing: layout,
    current: async (call) => {
      const now = layout ?? (await unlessMissing(() => openLayout(path, { ...call, name })));
      return now === undefined || tag === undefined ? undefined : pointsTo(now, tag, call);
    },
    hasBlob: async (descriptor) => (await layout?.hasBlob(descriptor)) ?? false,
    begin: (call) => openLayout(path, { ...call, name, create: true }),
    finish: nothing,
    discard: nothing,
  };
}

async function archiveDestination(
  path: string,
  location: LocalLocation,
  options: CallOptions,
): Promise<Destination & { close?(): Promise<void> }> {
  const { tag } = location;
  const existing = await unlessMissing(() => openOciArchive(path, options));
  let writer: ArchiveWriter | undefined;
  return {
    name: formatLocation(location),
    ...(tag === undefined ? {} : { tag }),
    existing,
    current: (call) => archived(path, location, call),
    // An archive is written anew, whatever the old one holds.
    hasBlob: () => Promise.resolve(false),
    begin: async (call) => {
      writer = await createOciArchive(path, call);
      return writer;
    },
    finish: async (call) => writer?.finish(call),
    discard: async () => writer?.discard(),
    ...(existing === undefined ? {} : { close: () => existing.close() }),
  };
}

/** The only image of an archive, and nothing else may be in it: all that it holds is replaced. */
async function archived(
  path: string,
  location: LocalLocation,
  options: CallOptions = {},
): Promise<Digest | undefined> {
  const archive = await unlessMissing(() => openOciArchive(path, options));
  if (archive === undefined) return undefined;
  try {
    const only = await archive.onlyManifest(options);
    const named = location.tag === undefined ? only : (await archive.resolve(location.tag, options)).digest;
    if (named === only) return only;
  } catch (error) {
    if (!isMissing(error)) throw error;
  } finally {
    await archive.close();
  }
  throw new RegistryError(
    'unsupported',
    `${formatLocation(location)} was not written: the file holds other images, which would be lost`,
    {},
    { hint: 'Name another file, or remove this one.' },
  );
}

async function unlessMissing<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof RegistryError && error.reason === 'not-found';
}

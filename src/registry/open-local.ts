import { resolve } from 'node:path';
import { openDockerArchive } from './archive/docker-archive.ts';
import { openOciArchive } from './archive/oci-archive.ts';
import { openLayout } from './layout/layout.ts';
import type { LocalRepository } from './layout/stored-repository.ts';
import type { LocalLocation } from './location.ts';
import type { CallOptions } from './types.ts';

/** A layout or archive, open for reading; archives hold a file until they are closed. */
export type OpenedLocal = LocalRepository & { close?(): Promise<void> };

/**
 * Opens what a location names for reading.
 * @throws RegistryError `not-found` where nothing is there, `malformed` where it is something else.
 */
export function openLocal(
  location: LocalLocation,
  options: CallOptions & { readonly cwd: string },
): Promise<OpenedLocal> {
  const path = resolve(options.cwd, location.path);
  switch (location.transport) {
    case 'oci':
      return openLayout(path, { ...options, name: `oci:${location.path}` });
    case 'oci-archive':
      return openOciArchive(path, options);
    case 'docker-archive':
      return openDockerArchive(path, options);
  }
}

import { DebianError } from '../errors.ts';
import type { AptSource } from '../sources/index.ts';

/** Where the Release file of a source is, with a closing slash. A suite that ends in a slash is that path itself. */
export function releaseFolder({ uri, suite }: AptSource): string {
  return suite.endsWith('/') ? `${uri}/${suite.replace(/^\/+/, '')}` : `${uri}/dists/${suite}/`;
}

/** The paths of the package indexes beside the Release file, without the ending for their compression. */
export function indexPaths({ suite, components }: AptSource, architecture: string): readonly string[] {
  if (suite.endsWith('/')) return ['Packages'];
  return components.map((component) => `${component}/binary-${architecture}/Packages`);
}

/** The address of a file that an index names, relative to the archive. @throws DebianError `DEBIAN_MALFORMED` for one that leads out of it. */
export function packageAddress({ uri }: AptSource, filename: string): string {
  const isInside =
    !filename.startsWith('/') && !filename.split('/').includes('..') && !/[\\\0-\x20]/.test(filename);
  if (!isInside || filename === '')
    throw new DebianError(
      'DEBIAN_MALFORMED',
      `the index of ${uri} names the file "${filename.slice(0, 200)}"`,
    );
  return `${uri}/${encodeURI(filename).replaceAll('#', '%23').replaceAll('?', '%3F')}`;
}

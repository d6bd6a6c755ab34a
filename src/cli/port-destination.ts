import { resolve } from 'node:path';
import { UsageError } from '../core/index.ts';
import type { Location } from '../registry/index.ts';

interface Ends {
  readonly reference: string;
  readonly to: string | undefined;
  readonly dryRun: boolean | undefined;
  readonly only: boolean | undefined;
  readonly offline: boolean | undefined;
  readonly cwd: string;
}

/**
 * Checks where a port is from and where it goes, before anything is fetched.
 * @throws UsageError without a destination that one can publish to, and where publishing the port alone would hide the
 * source; InvalidReferenceError.
 */
export async function checkDestination(ends: Ends): Promise<void> {
  const { reference, to, dryRun, only, cwd } = ends;
  // Loads the registry room, which --help needs not wait for.
  const { parseLocation } = await import('../registry/index.ts');
  const source = parseLocation(reference);
  if (to === undefined) {
    if (dryRun === true) return;
    throw new UsageError('USAGE', 'armload port needs --to, the place to publish the port at', {
      hint: 'Write --to registry.example/app:1 or --to oci:DIR:TAG; with --dry-run nothing is published.',
    });
  }
  const { parseDestination } = await import('../publish/index.ts');
  const destination = parseDestination(to);
  if (destination.transport === 'docker-archive')
    throw new UsageError('USAGE', `"${to}" is no place to publish to: a docker-archive holds no index`, {
      hint: 'Write to an oci-archive: file, an oci: folder or a registry.',
    });
  if (ends.offline === true && destination.transport === 'registry')
    throw new UsageError('USAGE', `${to} can't be written offline`, {
      hint: 'Leave --offline out, or write to an oci: folder or an oci-archive: file.',
    });
  if (only === true && isHidden(source, destination, cwd))
    throw new UsageError(
      'USAGE',
      `with --only, ${to} would have the port alone, and the source's own platforms would be gone from it`,
      { hint: 'Leave --only out to publish both under one name, or name another tag.' },
    );
}

/** Does the name of the destination stand for the source? An archive is replaced whole, whatever its images' names. */
function isHidden(source: Location, destination: Location, cwd: string): boolean {
  if (source.transport === 'registry' || destination.transport === 'registry') {
    if (source.transport !== 'registry' || destination.transport !== 'registry') return false;
    const [from, to] = [source.reference, destination.reference];
    return from.registry === to.registry && from.repository === to.repository && from.tag === to.tag;
  }
  if (resolve(cwd, source.path) !== resolve(cwd, destination.path)) return false;
  if (destination.transport === 'oci-archive') return true;
  // Without a name it's the folder's only image, which may have this one.
  return source.tag === undefined || source.tag === destination.tag;
}

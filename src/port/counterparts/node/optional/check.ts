import { foreignCodeIn } from '../../../../audit/index.ts';
import { machineCodeIn } from '../../../../binary/index.ts';
import type { Platform } from '../../../../oci/index.ts';
import { NodeError } from '../errors.ts';
import { type Manifest, parseManifest } from '../manifest.ts';
import type { PackageFile } from '../registry/index.ts';
import type { Chosen } from './types.ts';

const maxListed = 3;

/**
 * Is a package's content what its name and the old package promise? Its own package.json says so, its machine code is the
 * target's, and where the old package had machine code, it has some.
 * @throws NodeError `NODE_PACKAGE`, or what reading its package.json throws.
 */
export async function checkPackage(
  { record, old }: Chosen,
  files: ReadonlyMap<string, PackageFile>,
  target: Platform,
): Promise<Manifest> {
  const name = `${record.name} ${record.version}`;
  const refused = (what: string) => new NodeError('NODE_PACKAGE', `the tarball of ${name} ${what}`);
  const manifest = await manifestIn(files);
  if (manifest === undefined) throw refused('has no package.json that could be read');
  if (manifest.name !== record.name || manifest.version !== record.version)
    throw refused(`says of itself that it is ${manifest.name} ${manifest.version}`);
  const foreign = [...files.values()].flatMap(({ path, facts }) =>
    foreignCodeIn(facts, target)
      // What is packed in it, the audit of the whole image judges.
      .filter(({ os, path: inner, offset }) => os === target.os && inner === '' && offset === 0)
      .map(({ architecture }) => `${path} (${architecture})`),
  );
  if (foreign.length > 0) {
    const more = foreign.length > maxListed ? ` and ${foreign.length - maxListed} more` : '';
    throw refused(`holds machine code of other machines: ${foreign.slice(0, maxListed).join(', ')}${more}`);
  }
  const hasCode = [...files.values()].some(({ facts }) =>
    machineCodeIn(facts).some(({ architecture }) => architecture === target.architecture),
  );
  if (!hasCode && old.foreign.length > 0)
    throw refused(`holds no machine code for ${target.architecture}, and the package that it replaces does`);
  return manifest;
}

/** It's read twice: once for what it says, once as a file. */
const maxManifest = 1024 ** 2;

async function manifestIn(files: ReadonlyMap<string, PackageFile>): Promise<Manifest | undefined> {
  const file = files.get('package.json');
  if (file === undefined || file.size > maxManifest) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.content()) chunks.push(Uint8Array.from(chunk));
  return parseManifest(Buffer.concat(chunks));
}

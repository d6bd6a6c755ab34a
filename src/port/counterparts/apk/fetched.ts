import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { redact } from '../../../core/index.ts';
import type { Owners } from '../shared/packages/image-owners.ts';
import type { Repository } from '../shared/packages/repository.ts';
import type { FetchedPackage } from '../shared/packages/types.ts';
import { defaultUnpackLimits, unpack } from '../shared/packages/unpack.ts';
import type { ApkOffer } from './index-file.ts';
import { packageEntries } from './package-entries.ts';
import { type ApkFile, readApk } from './package-file.ts';
import type { ApkKey } from './signature.ts';

/** A package for the target, checked and unpacked. */
export type FetchedApk = FetchedPackage & {
  readonly offer: ApkOffer;
  readonly apk: ApkFile;
};

export interface FetchParts {
  readonly repository: Repository;
  readonly keys: ReadonlyMap<string, readonly ApkKey[]>;
  readonly owners: Owners;
  /** For the contents. */
  readonly folder: string;
  /** Of package URLs: `alpine`. */
  readonly distribution: string;
  readonly signal?: AbortSignal | undefined;
}

/** @throws PackagesError, or the signal's reason. */
export async function fetchApk(offer: ApkOffer, parts: FetchParts): Promise<FetchedApk> {
  const { repository, keys, owners, folder, signal } = parts;
  let apk: ApkFile | undefined;
  const path = await repository.file({
    url: offer.url,
    key: `apk ${offer.name} ${offer.version} ${offer.checksum}`,
    size: offer.size,
    check: async (file) => {
      apk = await readApk(file, { offer, keys });
    },
  });
  apk ??= await readApk(path, { offer, keys });
  const name = `${offer.name} ${offer.version} (${offer.architecture})`;
  const files = await unpack(packageEntries(path, apk, { name, owners, signal }), {
    ...{ name, signal, limits: defaultUnpackLimits },
    bodies: join(folder, randomUUID()),
  });
  return {
    ...{ name: offer.name, needs: offer.needs, gives: offer.gives, offer, apk, files },
    control: { name: offer.name, version: offer.version, architecture: offer.architecture },
    scripts: [...apk.scripts.keys()].filter((kind) => /^(?:pre|post)-install$|^trigger$/.test(kind)),
    material: materialOf(offer, apk, parts),
  };
}

function materialOf(
  { name, version, architecture, url, size, signers, notes }: ApkOffer,
  { sha256 }: ApkFile,
  { distribution }: FetchParts,
): FetchedApk['material'] {
  return {
    ...{ origin: 'apk', name, version, architecture, uri: redact(url), sha256, size },
    purl: `pkg:apk/${distribution}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
    ...(signers.length === 0 ? {} : { signers }),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../../core/index.ts';
import { redact } from '../../../core/index.ts';
import type { Keyring } from '../debian/trust/index.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import type { Owners } from '../shared/packages/image-owners.ts';
import type { Repository } from '../shared/packages/repository.ts';
import type { FetchedPackage } from '../shared/packages/types.ts';
import { defaultUnpackLimits, unpack } from '../shared/packages/unpack.ts';
import type { RpmHeader } from './header.ts';
import { type HeaderFile, headerFiles } from './header-files.ts';
import type { RpmOffer } from './offers.ts';
import { packageEntries } from './package-entries.ts';
import { type RpmFile, readRpm } from './package-file.ts';
import { formatVersion, neededNames } from './primary.ts';
import { tags } from './tags.ts';

/** A package for the target, checked and unpacked. */
export type FetchedRpm = FetchedPackage & {
  readonly rpm: RpmFile;
  readonly listed: readonly HeaderFile[];
};

export interface FetchParts {
  readonly repository: Repository;
  readonly keyrings: readonly Keyring[];
  readonly allowUnsigned: boolean;
  readonly owners: Owners;
  readonly clock: Clock;
  /** For the contents. */
  readonly folder: string;
  /** Of package URLs: `fedora`. */
  readonly distribution: string;
  readonly signal?: AbortSignal | undefined;
}

/** @throws PackagesError, or the signal's reason. */
export async function fetchRpm(offer: RpmOffer, parts: FetchParts): Promise<FetchedRpm> {
  const { repository, keyrings, allowUnsigned, owners, clock, folder, signal } = parts;
  const read = (file: string): Promise<RpmFile> =>
    readRpm(file, {
      name: redact(offer.url),
      expected: offer.sum,
      keyrings,
      allowUnsigned,
      now: clock.now(),
    });
  let rpm: RpmFile | undefined;
  const path = await repository.file({
    url: offer.url,
    key: `rpm ${offer.sum.algorithm} ${offer.sum.hex}`,
    ...(offer.size > 0 ? { size: offer.size } : {}),
    check: async (file) => {
      rpm = await read(file);
    },
  });
  rpm ??= await read(path);
  const { header } = rpm;
  const identity = checkIdentity(header, offer);
  const name = `${offer.name} ${offer.version} (${offer.architecture})`;
  const files = await unpack(packageEntries(path, rpm, { name, owners }), {
    ...{ name, signal, limits: defaultUnpackLimits },
    bodies: join(folder, randomUUID()),
  });
  return {
    ...{ name: offer.name, rpm, files, control: identity, listed: headerFiles(header, name) },
    needs: neededNames(header.texts(tags.requireName)),
    gives: [...header.texts(tags.provideName), ...headerFiles(header, name).map((file) => `/${file.path}`)],
    scripts: scriptsOf(header),
    material: materialOf(offer, rpm, parts),
  };
}

function checkIdentity(header: RpmHeader, offer: RpmOffer): FetchedRpm['control'] {
  const text = (tag: number): string => header.text(tag) ?? '';
  const [version, release] = [text(tags.version), text(tags.release)];
  const own = {
    name: text(tags.name),
    version: formatVersion({ epoch: header.number(tags.epoch) ?? 0, version, release }),
    architecture: text(tags.architecture),
  };
  if (own.name === offer.name && own.version === offer.version && own.architecture === offer.architecture)
    return own;
  throw new PackagesError(
    'PACKAGES_MALFORMED',
    `${redact(offer.url)} says of itself that it is ${own.name} ${own.version} (${own.architecture}), and its repository that it is ${offer.name} ${offer.version} (${offer.architecture})`,
  );
}

const ldconfig = /^(?:\/usr)?\/sbin\/ldconfig$/;

/** Scripts that run at an installation; the loader's cache is made anew without them. */
function scriptsOf(header: RpmHeader): readonly string[] {
  const kinds = [
    ['pre', tags.preIn, tags.preInProgram],
    ['post', tags.postIn, tags.postInProgram],
    ['pretrans', tags.preTrans, 0],
    ['posttrans', tags.postTrans, 0],
  ] as const;
  return kinds.flatMap(([kind, script, program]) => {
    const command = header.text(program) ?? '';
    const isLdconfig = ldconfig.test(command) && (header.text(script) ?? '').trim() === '';
    return (header.entries.has(script) || command !== '') && !isLdconfig ? [kind] : [];
  });
}

function materialOf(
  { name, version, architecture, url, size }: RpmOffer,
  { sha256, signers, notes }: RpmFile,
  { distribution }: FetchParts,
): FetchedRpm['material'] {
  const [, epoch, plain = version] = /^(?:([0-9]+):)?(.*)$/.exec(version) ?? [];
  const qualifiers = `arch=${architecture}${epoch === undefined ? '' : `&epoch=${epoch}`}`;
  return {
    ...{ origin: 'rpm', name, version, architecture, uri: redact(url), sha256 },
    ...(size > 0 ? { size } : {}),
    purl: `pkg:rpm/${distribution}/${encodeURIComponent(name)}@${encodeURIComponent(plain)}?${qualifiers}`,
    ...(signers.length === 0 ? {} : { signers }),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

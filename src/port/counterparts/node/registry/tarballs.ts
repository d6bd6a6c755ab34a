import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, messageOf } from '../../../../core/index.ts';
import { BoundedFolder } from '../../../../layer/index.ts';
import { FetchError, persistent } from '../../../fetch/index.ts';
import { isLoopback, type RegistryChoice } from '../configuration/index.ts';
import { NodeError } from '../errors.ts';
import {
  checkIntegrity,
  Hashes,
  type HashValues,
  type Integrity,
  isStrong,
  parseIntegrity,
} from './integrity.ts';
import { asNodeError, isPassing, type RegistryParts, timedOut, type VersionRecord } from './registry.ts';

/** A tarball that is what those say who vouch for it. */
export interface Tarball {
  readonly file: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
  /** The registry's own address of it: mirrors give the same bytes. */
  readonly url: string;
  /** Who vouches for it. */
  readonly vouchers: readonly Integrity[];
}

export interface TarballParts extends RegistryParts {
  readonly cache: TarballCache;
}

/** Kept from run to run, within a bound: what was not used for the longest time goes. */
export class TarballCache {
  readonly folder: string;
  readonly #bound: BoundedFolder;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.folder = folder;
    this.#clock = clock;
    // What was used so lately may be in use by another process.
    this.#bound = new BoundedFolder(folder, {
      maxBytes: maxCacheBytes,
      isInUse: ({ usedAt }) => usedAt > clock.now() - recent,
    });
  }

  async use(file: string): Promise<void> {
    const now = new Date(this.#clock.now());
    await utimes(file, now, now).catch(() => undefined);
  }

  async account(bytes: number): Promise<void> {
    await this.#bound.account(bytes).catch(unwritable);
  }
}

const maxCacheBytes = 4 * 1024 ** 3;
/** Milliseconds. */
const recent = 60 * 60_000;

export interface WantedTarball {
  readonly record: VersionRecord;
  readonly registry: RegistryChoice;
  /** What lock files say of it. */
  readonly locked: readonly Integrity[];
}

/**
 * Fetches a package's tarball, or takes it from the cache, where files are named by their hash and checked before each use.
 * Every hash that is known must be right.
 * @throws NodeError, or the signal's reason.
 */
export async function obtainTarball(wanted: WantedTarball, parts: TarballParts): Promise<Tarball> {
  const name = `${wanted.record.name} ${wanted.record.version}`;
  const vouchers = vouchersOf(wanted, name);
  const addresses = addressesOf(wanted);
  const file = cacheFile(parts.cache, vouchers);
  const known = await hashed(file, parts.signal);
  const url = addresses.at(-1) ?? '';
  if (known !== undefined) {
    try {
      checkIntegrity(known.hashes, vouchers, name);
      await parts.cache.use(file);
      return { file, url, vouchers, ...facts(known) };
    } catch {
      // Damaged, or another lock file says otherwise: what the registry gives decides.
    }
  }
  await mkdir(dirname(file), { recursive: true }).catch(unwritable);
  const got = await fetched(addresses, file, { ...parts, vouchers, name });
  await parts.cache.account(got.size);
  return { file, url, vouchers, ...facts(got) };
}

interface Hashed {
  readonly hashes: HashValues;
  readonly size: number;
}

function facts({ hashes, size }: Hashed): Pick<Tarball, 'sha256' | 'size'> {
  return { sha256: hashes.get('sha256')?.toString('hex') ?? '', size };
}

/** @throws NodeError `NODE_INTEGRITY` where nothing that counts vouches for it. */
function vouchersOf({ record, registry, locked }: WantedTarball, name: string): readonly Integrity[] {
  const { integrity = '', shasum } = record.dist;
  const own =
    parseIntegrity(integrity, 'the registry') ??
    parseIntegrity(
      shasum === undefined ? '' : `sha1-${Buffer.from(shasum, 'hex').toString('base64')}`,
      'the registry',
    );
  const vouchers = [...(own === undefined ? [] : [own]), ...locked];
  const url = new URL(registry.url);
  const isPlain = url.protocol === 'http:' && !isLoopback(url);
  // What comes over plain HTTP may be anybody's, and so may the hash that comes with it.
  if ((isPlain ? locked : vouchers).some(isStrong)) return vouchers;
  throw new NodeError(
    'NODE_INTEGRITY',
    isPlain
      ? `nothing vouches for ${name}: its registry is reached over plain HTTP, and no lock file of the image has its hash`
      : `nothing vouches for ${name}: the registry has no SHA-256 or SHA-512 of it, and no lock file of the image has one`,
  );
}

/**
 * The registry's own host first, as npm does by `replace-registry-host`: mirrors name the tarballs of the one that they
 * mirror. Whoever gives it, the hash decides.
 */
function addressesOf({ record, registry }: WantedTarball): readonly string[] {
  const base = new URL(registry.url);
  const given = URL.canParse(record.dist.tarball) ? new URL(record.dist.tarball) : undefined;
  if (given === undefined || !/^https?:$/.test(given.protocol))
    throw new NodeError(
      'NODE_METADATA',
      `the registry gives no address for ${record.name} ${record.version}`,
    );
  if (given.host === base.host) {
    given.protocol = base.protocol;
    return [given.href];
  }
  const own = new URL(base);
  own.pathname = `${base.pathname.replace(/\/$/, '')}${given.pathname}`;
  own.search = given.search;
  const mayFollow = given.protocol === 'https:' || base.protocol === 'http:';
  return mayFollow ? [own.href, given.href] : [own.href];
}

function cacheFile({ folder }: TarballCache, vouchers: readonly Integrity[]): string {
  const best = vouchers.find(({ algorithm }) => algorithm === 'sha512') ?? vouchers.find(isStrong);
  const hex = Buffer.from(best?.values[0] ?? '', 'base64').toString('hex');
  return join(folder, hex.slice(0, 2), `${hex}.tgz`);
}

interface Fetching extends TarballParts {
  readonly vouchers: readonly Integrity[];
  readonly name: string;
}

async function fetched(addresses: readonly string[], file: string, parts: Fetching): Promise<Hashed> {
  const { clock, signal, limits } = parts;
  let failure: unknown;
  for (const url of addresses) {
    try {
      return await persistent((either) => download(url, file, { ...parts, signal: either }), {
        ...{ clock, signal, isPassing, time: limits.tarballTime },
        timedOut: () => timedOut(url, limits.tarballTime),
      });
    } catch (error) {
      signal?.throwIfAborted();
      // Another host may have what this one hasn't; it can't make wrong bytes right.
      if (!(error instanceof FetchError)) throw error;
      // Who doesn't answer may have it.
      if (failure === undefined || error.code !== 'FETCH_NOT_FOUND') failure = asNodeError(error);
    }
  }
  throw failure;
}

/** Under another name until it's whole and checked, so that a kill leaves nothing wrong behind. */
async function download(
  url: string,
  file: string,
  { fetch, limits, name, vouchers, signal }: Fetching & { readonly signal: AbortSignal },
): Promise<Hashed> {
  const body = await fetch(url, { signal });
  const temporary = `${file}.${randomUUID()}`;
  const handle = await open(temporary, 'wx', 0o600).catch(unwritable);
  const hashes = new Hashes();
  let size = 0;
  try {
    try {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > limits.tarballBytes)
          throw new NodeError(
            'NODE_LIMIT',
            `the tarball of ${name} has more than ${limits.tarballBytes} bytes, the limit`,
          );
        hashes.update(chunk);
        await handle.writeFile(chunk).catch(unwritable);
      }
    } finally {
      await handle.close();
    }
    const values = hashes.finish();
    checkIntegrity(values, vouchers, name);
    await rename(temporary, file).catch(unwritable);
    return { hashes: values, size };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function hashed(file: string, signal: AbortSignal | undefined): Promise<Hashed | undefined> {
  const hashes = new Hashes();
  let size = 0;
  try {
    for await (const chunk of createReadStream(file, signal === undefined ? {} : { signal })) {
      const bytes = chunk as Uint8Array;
      size += bytes.length;
      hashes.update(bytes);
    }
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
  return { hashes: hashes.finish(), size };
}

function unwritable(error: unknown): never {
  throw new NodeError('NODE_CACHE', `the cache can't be written: ${messageOf(error)}`, { cause: error });
}

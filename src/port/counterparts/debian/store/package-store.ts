import { availableParallelism } from 'node:os';
import { type Clock, systemClock } from '../../../../core/index.ts';
import { Slots } from '../../../../layer/index.ts';
import { SharedFlights } from '../../../../registry/index.ts';
import { Turns } from '../../../fetch/index.ts';
import type { ArchiveReader } from '../archive/index.ts';
import type { Counterpart } from '../counterparts/index.ts';
import { DebianError } from '../errors.ts';
import { readSlice } from './bodies.ts';
import { defaultUnpackLimits, type UnpackLimits } from './limits.ts';
import { PackageFolder } from './package-folder.ts';
import type { IndexedFile, PackageIndex } from './read-index.ts';
import { UnpackThreads, unpackWorkerFile } from './threads.ts';
import type { PackageStore, StoredFile, StoredPackage } from './types.ts';

export interface PackageStoreOptions {
  readonly archive: Pick<ArchiveReader, 'download'>;
  /** Kept from run to run; other processes may use it at the same time. */
  readonly folder: string;
  /**
   * Bytes on disk, above which what was longest unused goes; 8 GiB unless told. What this store gave stays, and so does what
   * anybody used within the last hour.
   */
  readonly maxBytes?: number;
  /** Packages unpacked at a time; one for each core unless told, 8 at most. */
  readonly atATime?: number;
  readonly limits?: Partial<UnpackLimits>;
  readonly clock?: Clock;
  /** The program of the unpacking threads; found by itself unless told. `none` unpacks in this thread. */
  readonly workerFile?: URL | 'none';
  /** With other stores of this run that have the same folder. */
  readonly turns?: Turns | undefined;
}

/** Fetched at a time: enough for some to come while others are unpacked. */
const downloadsAtATime = 4;
/** Parsed at a time, which bounds the text in memory. */
const readingsAtATime = 4;

/**
 * Unpacks packages into a folder, each once: a package that was unpacked before, also by another process, is neither
 * fetched nor decompressed again.
 */
export function createPackageStore(options: PackageStoreOptions): PackageStore {
  const { archive, maxBytes = 8 * 1024 ** 3, clock = systemClock, turns = new Turns() } = options;
  const workerFile = options.workerFile ?? unpackWorkerFile();
  const limits = { ...defaultUnpackLimits, ...options.limits };
  const folder = new PackageFolder(options.folder, { maxBytes, clock });
  const threads = new UnpackThreads(workerFile === 'none' ? undefined : workerFile);
  const downloads = new Slots(downloadsAtATime);
  const unpackings = new Slots(options.atATime ?? Math.min(8, availableParallelism()));
  const readings = new Slots(readingsAtATime);
  const flights = new SharedFlights<StoredPackage>();
  const closing = new AbortController();
  const underway = new Set<Promise<unknown>>();

  async function read(key: string, signal: AbortSignal): Promise<StoredPackage | undefined> {
    const index = await inTurn(readings, { size: 0, signal }, () => folder.read(key));
    return index && packageOf(index, key, folder);
  }

  async function unpack(counterpart: Counterpart, signal: AbortSignal): Promise<void> {
    const { sha256, size, url } = counterpart;
    const turn = { size, signal };
    const deb = await inTurn(downloads, turn, () => archive.download({ url, sha256, size }, { signal }));
    const name = nameOf(counterpart);
    await inTurn(unpackings, turn, () =>
      folder.add(sha256, (files) => threads.run({ deb, sha256, size, name, limits, ...files }, signal)),
    );
  }

  function obtain(counterpart: Counterpart, given: AbortSignal): Promise<StoredPackage> {
    const signal = AbortSignal.any([given, closing.signal]);
    folder.use(counterpart.sha256);
    const find = (): Promise<StoredPackage> => readOrUnpack(counterpart, signal);
    return turns.take(`package ${counterpart.sha256}`, find, signal);
  }

  async function readOrUnpack(counterpart: Counterpart, signal: AbortSignal): Promise<StoredPackage> {
    const key = counterpart.sha256;
    const known = await read(key, signal);
    if (known !== undefined) return known;
    await unpack(counterpart, signal);
    const unpacked = await read(key, signal);
    if (unpacked !== undefined) return unpacked;
    throw new DebianError('DEBIAN_CACHE', `${nameOf(counterpart)} was unpacked, but is not in the cache`);
  }

  function launch(counterpart: Counterpart, signal: AbortSignal): Promise<StoredPackage> {
    const obtaining = obtain(counterpart, signal).finally(() => underway.delete(obtaining));
    underway.add(obtaining);
    return obtaining;
  }

  return {
    async get(counterpart, { signal } = {}) {
      checkKey(counterpart);
      const start = (flight: AbortSignal) => launch(counterpart, flight);
      const found = await flights.run(counterpart.sha256, start, signal);
      checkControl(found, counterpart);
      return found;
    },
    async close() {
      closing.abort(new DebianError('DEBIAN_CACHE', 'the store of packages was closed'));
      await Promise.allSettled(underway);
      await threads.close();
    },
  };
}

async function inTurn<T>(
  slots: Slots,
  { size, signal }: { readonly size: number; readonly signal: AbortSignal },
  step: () => Promise<T>,
): Promise<T> {
  await slots.enter(size, signal);
  try {
    return await step();
  } finally {
    slots.leave();
  }
}

function packageOf({ control, files }: PackageIndex, key: string, folder: PackageFolder): StoredPackage {
  const { bodies } = folder.filesOf(key);
  const onDamage = (): Promise<void> => folder.forget(key);
  const storedOf = ({ offset, ...file }: IndexedFile): StoredFile => {
    const { sha256, path, size } = file;
    const name = `${path} of ${control.name} ${control.version}`;
    const content = (): AsyncIterable<Uint8Array> => {
      if (offset !== undefined && sha256 !== undefined)
        return readSlice(bodies, { offset, size, sha256, name, onDamage });
      throw new DebianError('DEBIAN_UNSUPPORTED', `${name} is a ${file.kind}, which has no content`);
    };
    return { ...file, content };
  };
  return { control, files: files.map(storedOf) };
}

/** It becomes the name of a file. @throws DebianError `DEBIAN_MALFORMED`. */
function checkKey(counterpart: Counterpart): void {
  if (/^[0-9a-f]{64}$/.test(counterpart.sha256)) return;
  throw new DebianError('DEBIAN_MALFORMED', `${nameOf(counterpart)} has a SHA-256 that is none`);
}

/** @throws DebianError `DEBIAN_MALFORMED`. */
function checkControl({ control }: StoredPackage, counterpart: Counterpart): void {
  const [found, wanted] = [nameOf(control), nameOf(counterpart)];
  if (found === wanted) return;
  throw new DebianError('DEBIAN_MALFORMED', `the archive's ${wanted} says of itself that it is ${found}`);
}

function nameOf({
  name,
  version,
  architecture,
}: Pick<Counterpart, 'name' | 'version' | 'architecture'>): string {
  return `${name} ${version} (${architecture})`;
}

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compareText, messageOf, UsageError } from '../core/index.ts';
import { defaultPlatform, formatPlatform } from '../oci/index.ts';
import { openPortShared } from '../port/index.ts';
import type { FleetResult, ImageResult, ScanResult } from '../results/index.ts';
import { scan } from '../scan/index.ts';
import { type Destination, destinationsFor, parsePrefix } from './destinations.ts';
import { eachWithin } from './each-within.ts';
import { FleetError } from './errors.ts';
import type { FleetOptions } from './options.ts';
import { type FleetParts, type PortedOne, portOne } from './port-one.ts';
import { resultOf } from './result.ts';
import { FleetState } from './state.ts';

const defaultJobs = 2;
const maxJobs = 16;

/**
 * Ports all images of a fleet that lack the platform, side by side: what several of them need is fetched and read once. One
 * image's failure ends no other. With a state folder, a later run leaves alone what is done.
 * @throws UsageError for options that can't be used; the signal's reason. What was published until then stays,
 * and is known to the next run.
 */
export async function portFleet(given: FleetOptions): Promise<FleetResult> {
  const prefix = prefixOf(given);
  const jobs = jobsOf(given);
  const folder = await makeFolder(given);
  try {
    const options = optionsFor(given, folder);
    const found = await scan(scanOptions(options));
    options.signal?.throwIfAborted();
    const { wanted, left } = sorted(found, options);
    const groups = grouped(wanted, prefix);
    const ported = groups.length === 0 ? [] : await portAll(groups, { options, folder, jobs });
    return resultOf(ported, {
      ...{ left, prefix, problems: found.problems },
      platform: formatPlatform(options.platform ?? defaultPlatform),
      dryRun: options.dryRun ?? false,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function prefixOf({ to, dryRun }: FleetOptions): string | undefined {
  if (to !== undefined) return parsePrefix(to);
  if (dryRun === true) return undefined;
  throw new UsageError('USAGE', 'a fleet needs a place to be published at', {
    hint: 'Say what all destinations begin with, such as --to registry.example/arm64, or look first with --dry-run.',
  });
}

function jobsOf({ jobs = defaultJobs }: FleetOptions): number {
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= maxJobs) return jobs;
  throw new UsageError('USAGE', `${jobs} ports at a time are not possible: from 1 to ${maxJobs} are`);
}

async function makeFolder({ workFolder, cwd = process.cwd() }: FleetOptions): Promise<string> {
  const parent = workFolder === undefined ? tmpdir() : resolve(cwd, workFolder);
  try {
    if (workFolder !== undefined) await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, 'armload-fleet-'));
  } catch (error) {
    throw new UsageError('CONFIG', `there is no place to work in: ${messageOf(error)}`, {
      hint: 'Name a folder with room for the images with --work-folder.',
      cause: error,
    });
  }
}

/** Where nothing is to be kept, what this run reads is kept until its end. */
function optionsFor(given: FleetOptions, folder: string): FleetOptions {
  const { noCache, ...options } = given;
  return {
    ...options,
    workFolder: folder,
    ...(noCache === true ? { cacheDirectory: join(folder, 'cache') } : {}),
  };
}

function scanOptions(options: FleetOptions) {
  const { run: _run, sign: _sign, ...rest } = options;
  return rest;
}

/** Two answers for one reference, by different pull secrets, are two images of one digest or none. */
function sorted({ images }: ScanResult, { include = [] }: FleetOptions) {
  const states: ReadonlySet<string> = new Set(['missing', ...include]);
  const isWanted = ({ readiness }: ImageResult): boolean => states.has(readiness.state);
  return { wanted: images.filter(isWanted), left: images.filter((image) => !isWanted(image)) };
}

/** Images with one content and one name: what is made for the first is for all of them. */
interface Group {
  readonly images: readonly ImageResult[];
  readonly destination: Destination | undefined;
}

function grouped(images: readonly ImageResult[], prefix: string | undefined): readonly Group[] {
  const destinations = prefix === undefined ? [] : destinationsFor(images, prefix);
  const groups = new Map<string, { images: ImageResult[]; destination: Destination | undefined }>();
  for (const [index, image] of images.entries()) {
    const destination = destinations[index];
    const name = destination !== undefined && 'name' in destination ? destination.name : undefined;
    const key = name ?? `${index}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { images: [image], destination });
    else group.images.push(image);
  }
  return [...groups.values()].sort((left, right) =>
    compareText(left.images[0]?.reference ?? '', right.images[0]?.reference ?? ''),
  );
}

interface Running {
  readonly options: FleetOptions;
  readonly folder: string;
  readonly jobs: number;
}

async function portAll(
  groups: readonly Group[],
  { options, folder, jobs }: Running,
): Promise<readonly PortedOne[]> {
  const state = await openState(options);
  const shared = await openPortShared({ ...options, folder: join(folder, 'shared') });
  const told = teller(options, groups.length);
  const parts: FleetParts = { options, shared, state: options.dryRun === true ? undefined : state };
  try {
    const all = await eachWithin(
      groups,
      { limit: jobs, signal: options.signal },
      async (group, index, signal) => {
        const [first, ...twins] = group.images;
        if (first === undefined) return [];
        const end = told(first.reference, index);
        const one = await portOne(first, group.destination, { ...parts, options: { ...options, signal } });
        end(one.image);
        const same = ({ reference, written }: ImageResult) => ({ ...one.image, reference, written });
        return [one, ...twins.map((twin) => ({ image: same(twin), materials: [] }))];
      },
    );
    return all.flat();
  } finally {
    await shared.close();
  }
}

async function openState(options: FleetOptions): Promise<FleetState | undefined> {
  const { stateFolder, to, platform = defaultPlatform } = options;
  if (stateFolder === undefined || to === undefined) return undefined;
  try {
    return await FleetState.open(stateFolder, [parsePrefix(to), formatPlatform(platform)]);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    options.onEvent?.({ type: 'warning', message: error.message });
    return undefined;
  }
}

/** Says of each image that its port begins, and how it ended. */
function teller({ onEvent, clock }: FleetOptions, total: number) {
  const now = (): number => clock?.now() ?? Date.now();
  return (reference: string, index: number) => {
    const begun = now();
    const step = { type: 'step', id: reference, title: reference, index: index + 1, total } as const;
    onEvent?.({ ...step, state: 'running', elapsed: 0 });
    return ({ outcome, resumed }: PortedOne['image']): void => {
      const isBad = outcome === 'refused' || outcome === 'unknown' || outcome === 'failed';
      const state = resumed ? 'reused' : isBad ? 'failed' : 'done';
      onEvent?.({ ...step, state, elapsed: (now() - begun) / 1000 });
    };
  };
}

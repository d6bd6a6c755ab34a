import type { ElfFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { ClosureProblem } from '../types.ts';
import type { GlibcDefaults } from './glibc-defaults.ts';
import { folderOf, withoutClosingSlashes } from './image-files.ts';
import type { ImageLoaders } from './image-loaders.ts';
import { isUnread, type Miss } from './load-libraries.ts';
import { fitOf, machineOf } from './machine.ts';
import type { Loaded } from './rules.ts';

export interface MissContext {
  readonly shared: ImageLoaders;
  readonly program: Loaded;
  /** For glibc's loader. */
  readonly defaults?: GlibcDefaults;
  /** What holds for every miss: why a library may be there after all. */
  readonly doubts: readonly string[];
}

/** Directories told in one sentence. */
const maxTold = 6;
/** Libraries that belong to the host's driver and are mounted when the container starts. */
const driverLibrary = /^lib(?:cuda|cudadebugger|nvcuvid|nvoptix|nvidia-[\w-]+)\.so(?:\.\d+)*$/;

/** What it means that a loader finds nothing usable for a needed library. */
export function missProblem(miss: Miss, context: MissContext): ClosureProblem {
  const { lookup, needer, name } = miss;
  const machine = machineOf(context.program.elf);
  const problem = { file: needer.entry, expected: `${name}, an ${machine} library` };
  if (lookup.kind === 'unread')
    return {
      ...problem,
      kind: 'unknown',
      found: `/${lookup.place.entry.path}, which could not be read`,
      why: `Whether the loader can use it as ${name} can not be told.`,
    };
  if (lookup.kind === 'unusable')
    return {
      ...problem,
      kind: 'missing-library',
      found: `/${lookup.place.entry.path}, ${lookup.is}`,
      why: `The loader takes it for ${name} and ends the start: it looks no further once a file of the name is there.`,
    };
  const own = [...lookup.doubts, ...doubtsAbout(miss, context)];
  const doubts = [...own, ...context.doubts];
  const found = foundInstead(miss);
  if (own.length === 0 && context.doubts.length > 0 && isNowhere(miss, context))
    return {
      ...problem,
      kind: 'missing-library',
      found,
      why: `No file of the image has that name or goes by it, so that no program brings it: whatever loads /${context.program.entry.path} gets an error.`,
    };
  if (doubts.length > 0)
    return { ...problem, kind: 'unknown', found, why: `It may be found all the same: ${doubts.join('; ')}.` };
  if (lookup.kind === 'foreign')
    return {
      ...problem,
      kind: 'foreign-library',
      found,
      why: `${machine} programs can't use it, and the start ends with an error.`,
    };
  return { ...problem, kind: 'missing-library', found, why: whyMissing(miss, lookup.tried, context) };
}

/** Not even where no loader looks, under no other name: nothing of the image can have loaded it before. */
function isNowhere({ name, lookup }: Miss, { shared: { files } }: MissContext): boolean {
  return (
    lookup.kind === 'missing' &&
    /^lib[^/]*\.so(?:\.|$)/.test(name) &&
    files.named(name).length === 0 &&
    !files.hasSoname(name)
  );
}

function foundInstead({ lookup, name }: Miss): string {
  if (lookup.kind !== 'foreign') return `no ${name}`;
  return `${name} as an ${machineOf(lookup.elf)} library only, /${lookup.place.entry.path}`;
}

function doubtsAbout({ needer, name, lookup }: Miss, { shared }: MissContext): string[] {
  const doubts: string[] = [];
  for (let object: Loaded | undefined = needer; object !== undefined; object = object.neededBy)
    if (isUnread(object)) doubts.push(`the search path of /${object.entry.path} could not be read`);
  if (driverLibrary.test(name))
    doubts.push("NVIDIA's container runtime brings it from the host, with the driver");
  const tried = lookup.kind === 'missing' ? lookup.tried : [];
  const isIn = (volume: string) => tried.find((directory) => `${directory}/`.startsWith(`${volume}/`));
  const volume = shared.subject.run.volumes.find((path) => isIn(withoutClosingSlashes(path)) !== undefined);
  if (volume !== undefined) doubts.push(`${volume} is a volume, where anything may be mounted`);
  return doubts;
}

function whyMissing({ name }: Miss, tried: readonly string[], context: MissContext): string {
  if (name.includes('/')) return 'The loader opens that path and no other, and the start ends with an error.';
  const told = tried.slice(0, maxTold).join(', ');
  const more = tried.length > maxTold ? ` and ${tried.length - maxTold} more directories` : '';
  const where = tried.length === 0 ? 'has nowhere to look for it' : `looks in ${told}${more}`;
  const start = `The loader ${where}, and the start ends with an error`;
  const elsewhere = nativeNamed(name, context).map(({ path }) => path);
  const [first] = elsewhere;
  if (first === undefined) return `${start}.`;
  const configured = elsewhere.flatMap((path) => configuredPlace(path, context));
  return `${start}; ${configured[0] ?? `there is one at /${first}, where it does not look`}.`;
}

function nativeNamed(name: string, { shared, program }: MissContext): ViewEntry[] {
  return shared.files.named(name).filter((entry) => {
    const target = shared.files.at(`/${entry.path}`);
    return target !== undefined && fitOf(target, program.elf).kind === 'fits';
  });
}

/** Where ld.so.conf names the directory, the cache is what lacks. */
function configuredPlace(path: string, context: MissContext): string[] {
  const { shared, defaults } = context;
  if (defaults === undefined) return [];
  const folder = folderOf(path);
  const place = [...shared.configured].find(([directory]) => shared.files.at(directory)?.path === folder);
  if (place === undefined) return [];
  const cache = cacheState(context.program.elf, shared, defaults);
  return [`there is one at /${path}, in a directory that ${place[1]} names, but ${cache} (run ldconfig)`];
}

function cacheState(
  { endian }: ElfFacts,
  shared: ImageLoaders,
  { cachePath, cacheFlags }: GlibcDefaults,
): string {
  const cache = shared.cache(cachePath, endian);
  if (cache === undefined) return `the loader reads ${cachePath} only, and there is none`;
  if ('unusable' in cache) return `the loader reads ${cachePath} only, and ${cache.unusable}`;
  if ('unread' in cache || cacheFlags.some((flag) => cache.flags.has(flag)))
    return `the loader reads ${cachePath} only, which does not name it`;
  return `the loader reads ${cachePath} only, which names libraries of other machines`;
}

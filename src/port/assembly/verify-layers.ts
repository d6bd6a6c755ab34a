import {
  createLayerReader,
  type LayerEntry,
  type LayerFacts,
  type LayerReader,
  type MergedView,
  mergeLayers,
  type ViewEntry,
} from '../../layer/index.ts';
import { attributesText } from './attributes.ts';
import { AssemblyError } from './errors.ts';
import type { AssembledLayer, AssembledLayers, AssembleInput } from './types.ts';

export interface VerifyOptions {
  /** Reads the rewritten layers; one of its own unless told. */
  readonly reader?: LayerReader;
  readonly signal?: AbortSignal;
}

const maxDifferences = 100;

/**
 * Reads the rewritten layers back, and compares the image they make over the new base with what was promised, path by
 * path: kind, mode, owner, size, time, hash, link target, device, extended attributes, and which names are one file.
 * @returns the new image's view, for whoever judges it next.
 * @throws AssemblyError `ASSEMBLY_DIFFERS`, LayerError, or the signal's reason.
 */
export async function verifyLayers(
  assembled: AssembledLayers,
  input: Pick<AssembleInput, 'source' | 'base' | 'layers'>,
  options: VerifyOptions = {},
): Promise<MergedView> {
  const reader = options.reader ?? createLayerReader();
  try {
    const first = input.source.layers.length - input.layers.length;
    const before = input.source.layers.slice(first);
    const read = await readBack(assembled.layers, before, { ...options, reader });
    const promised = read.map((facts, index) => {
      const entries = assembled.layers[index]?.promised ?? [];
      return { ...facts, entries };
    });
    return compared([...input.base.layers, ...promised], [...input.base.layers, ...read]);
  } finally {
    if (options.reader === undefined) await reader.close();
  }
}

async function readBack(
  layers: readonly AssembledLayer[],
  before: readonly LayerFacts[],
  { reader, signal }: { readonly reader: LayerReader; readonly signal?: AbortSignal },
): Promise<readonly LayerFacts[]> {
  const call = signal === undefined ? {} : { signal };
  return Promise.all(
    layers.map(async ({ kind, blob, descriptor, diffId }, index) => {
      const known = before[index];
      if (kind === 'kept' && known?.diffId === diffId) return known;
      const repository = { name: `the new layer ${index}`, blob };
      return reader.read({ repository, descriptor, diffId }, call);
    }),
  );
}

function compared(promised: readonly LayerFacts[], read: readonly LayerFacts[]): MergedView {
  // Where layers lead through each other's links, engines differ: both ways must be as promised.
  const ways = ['follow', 'replace'] as const;
  let view: MergedView | undefined;
  for (const symlinkedParents of ways) {
    const wanted = mergeLayers(promised, { symlinkedParents });
    view = mergeLayers(read, { symlinkedParents });
    raise([...differencesOf(wanted, view)]);
    if (symlinkedParents === 'follow' && !isAmbiguous(view)) break;
  }
  return view ?? mergeLayers(read);
}

function isAmbiguous({ notes }: MergedView): boolean {
  return notes.some(({ kind }) => kind === 'through-lower-symlink');
}

function raise(differences: readonly string[]): void {
  const [first] = differences;
  if (first === undefined) return;
  const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : '';
  throw new AssemblyError(
    'ASSEMBLY_DIFFERS',
    `the layers were written, but read back they are not what was planned: ${first}${more}`,
    { facts: { differences } },
  );
}

/** Sentences, at most 100. */
function* differencesOf(wanted: MergedView, got: MergedView): Generator<string, void, undefined> {
  let count = 0;
  const left = wanted.entries();
  for (const there of got.entries()) {
    if (count >= maxDifferences) return;
    const expected = left.next();
    // Both come in one order, so the first path that differs is one that a side lacks.
    if (expected.done === true || expected.value.path !== there.path) {
      const [path, has] = missingOf(expected.done === true ? undefined : expected.value, there, wanted);
      yield `/${path} ${has}`;
      return;
    }
    const difference = differenceOf(expected.value, there) ?? linkDifference(wanted, got, there.path);
    if (difference === undefined) continue;
    count += 1;
    yield `/${there.path} ${difference}`;
  }
  const rest = left.next();
  if (rest.done !== true) yield `/${rest.value.path} is missing`;
}

function missingOf(
  expected: ViewEntry | undefined,
  there: ViewEntry,
  wanted: MergedView,
): readonly [path: string, has: string] {
  if (expected === undefined || wanted.lookup(there.path) === undefined)
    return [there.path, 'is there, and was not planned'];
  return [expected.path, 'is missing'];
}

function differenceOf({ entry: wanted }: ViewEntry, { entry: got }: ViewEntry): string | undefined {
  if (wanted === got) return undefined;
  for (const [name, read] of facts) {
    const [planned, found] = [read(wanted), read(got)];
    if (planned !== found) return `has the ${name} ${found}, planned was ${planned}`;
  }
  return undefined;
}

const facts: readonly (readonly [name: string, read: (entry: LayerEntry) => string])[] = [
  ['kind', ({ kind }) => kind],
  ['mode', ({ mode }) => mode.toString(8)],
  ['owner', ({ uid, gid }) => `${uid}:${gid}`],
  ['size', ({ size }) => String(size)],
  ['time', ({ mtime }) => String(mtime)],
  ['hash', ({ sha256 }) => sha256 ?? 'unknown'],
  ['link target', ({ linkName }) => linkName ?? ''],
  ['device number', ({ device }) => device?.join(':') ?? ''],
  ['extended attributes', attributesText],
];

/** Told once for each file, at the first of its names. */
function linkDifference(wanted: MergedView, got: MergedView, path: string): string | undefined {
  const links = got.links(path);
  const planned = wanted.links(path);
  if (links.length === planned.length && (links.length < 2 || links[0] !== path)) return undefined;
  const [found, expected] = [links.join(', /'), planned.join(', /')];
  return found === expected ? undefined : `is one file with /${found}, planned was /${expected}`;
}

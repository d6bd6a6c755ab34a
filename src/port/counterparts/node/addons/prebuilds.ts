import type { MergedView, ViewEntry } from '../../../../layer/index.ts';
import type { NodePlatform } from '../platform.ts';

/** The tags of a prebuilt file's name: `node.napi.armv8.musl.node` (node-gyp-build, its README and index). */
interface Tags {
  readonly entry: ViewEntry;
  readonly runtime?: string;
  readonly napi: boolean;
  readonly abi?: string;
  readonly uv?: string;
  readonly armv?: string;
  readonly libc?: string;
  readonly specificity: number;
}

export type PrebuildChoice =
  | { readonly kind: 'found'; readonly entry: ViewEntry }
  /** It has some for the platform, and which of them is taken depends on the version of Node, which nothing tells. */
  | { readonly kind: 'unclear' }
  | { readonly kind: 'none'; readonly others: readonly string[] };

/**
 * The prebuilt file that node-gyp-build takes in a package's folder where its `build` has none: in the folder named for the
 * platform alone before one for several, of the files that fit the one that says most.
 */
export function choosePrebuild(
  view: MergedView,
  folder: string,
  { platform, abi }: { readonly platform: NodePlatform; readonly abi: string | undefined },
): PrebuildChoice {
  const folders = view.list(`${folder}/prebuilds`).map(({ path }) => path);
  const [best] = folders
    .map((path) => ({ path, ...tupleOf(path) }))
    .filter(({ os, cpus }) => os === platform.os && cpus.includes(platform.cpu))
    .sort((left, right) => left.cpus.length - right.cpus.length);
  const others = folders.map((path) => path.slice(path.lastIndexOf('/') + 1));
  if (best === undefined) return { kind: 'none', others };
  const fitting = view
    .list(best.path)
    .flatMap(tagsOf)
    .filter((tags) => isFor(tags, platform));
  const certain = fitting.filter((tags) => tags.napi || tags.abi === undefined || tags.abi === abi);
  const isUnclear = fitting.some(
    (tags) => tags.uv !== undefined || (tags.abi !== undefined && abi === undefined && !tags.napi),
  );
  if (isUnclear) return { kind: 'unclear' };
  const [winner] = certain.sort(compareTags);
  return winner === undefined ? { kind: 'none', others } : { kind: 'found', entry: winner.entry };
}

function tupleOf(path: string): { readonly os: string; readonly cpus: readonly string[] } {
  const [os = '', cpus = '', more] = path.slice(path.lastIndexOf('/') + 1).split('-');
  return more === undefined ? { os, cpus: cpus.split('+') } : { os: '', cpus: [] };
}

function tagsOf(entry: ViewEntry): readonly Tags[] {
  const words = entry.path.slice(entry.path.lastIndexOf('/') + 1).split('.');
  if (words.pop() !== 'node' || entry.entry.kind === 'directory') return [];
  const value = (prefix: string) => words.find((word) => word.startsWith(prefix))?.slice(prefix.length);
  const one = (...names: readonly string[]) => words.find((word) => names.includes(word));
  const runtime = one('node', 'electron', 'node-webkit');
  const [abi, uv, armv, libc] = [value('abi'), value('uv'), value('armv'), one('glibc', 'musl')];
  const napi = words.includes('napi');
  const specificity = [runtime, abi, uv, armv, libc, napi || undefined].filter(
    (tag) => tag !== undefined,
  ).length;
  return [
    {
      ...{ entry, napi, specificity },
      ...(runtime && { runtime }),
      ...(abi && { abi }),
      ...(uv && { uv }),
      ...(armv && { armv }),
      ...(libc && { libc }),
    },
  ];
}

function isFor({ runtime, armv, libc }: Tags, { cpu, libc: own }: NodePlatform): boolean {
  if (runtime !== undefined && runtime !== 'node') return false;
  if (armv !== undefined && !(cpu === 'arm64' && armv === '8')) return false;
  return libc === undefined || libc === (own ?? 'glibc');
}

/** One for this very runtime, then one for this very Node, then the one that says most. */
function compareTags(left: Tags, right: Tags): number {
  if (left.runtime !== right.runtime) return left.runtime === 'node' ? -1 : 1;
  if (left.abi !== right.abi) return left.abi === undefined ? 1 : -1;
  return right.specificity - left.specificity;
}

import { createLayerReader, type MergedView, mergeLayers, wantedFiles } from '../../../layer/index.ts';
import { digestOf } from '../../../oci/index.ts';
import { type TarMember, writeTar } from '../../../tar/index.ts';
import type { Origin, OriginPlan } from '../../origin-types.ts';

/** Layers of files, read as a port reads them. */
export async function viewOf(
  layers: readonly (readonly TarMember[])[],
  { wanted = [], hashes = [] }: Partial<Pick<Origin, 'wanted' | 'hashes'>> = {},
): Promise<MergedView> {
  const reader = createLayerReader({ workerFile: 'none', wanted: [...wantedFiles, ...wanted], hashes });
  const facts = await Promise.all(
    layers.map(async (members) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of writeTar(members)) chunks.push(Uint8Array.from(chunk));
      const bytes = Buffer.concat(chunks);
      const blob = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes;
      };
      const mediaType = 'application/vnd.oci.image.layer.v1.tar';
      const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
      return reader.read({ repository: { name: 'example.com/app', blob }, descriptor });
    }),
  );
  await reader.close();
  return mergeLayers(facts);
}

/** The bytes that a path of the plan gets. */
export async function newBytes(plan: OriginPlan, path: string): Promise<Buffer> {
  const one = plan.paths.get(path);
  const added = plan.added.find((item) => item.path === path);
  const content =
    one?.action === 'replace' && one.with.kind === 'file'
      ? one.with
      : added?.kind === 'file'
        ? added
        : undefined;
  if (content === undefined) throw new Error(`${path} gets no new content`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.content()) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** What becomes of the paths: `keep`, `drop`, `replace`, or the new path behind an arrow. */
export function fates(plan: OriginPlan): Readonly<Record<string, string>> {
  const planned = [...plan.paths].map(([path, one]) => {
    const to = 'to' in one && one.to !== undefined && one.to !== path ? ` -> ${one.to}` : '';
    return [path, `${one.action}${to}`] as const;
  });
  const added = plan.added.map(({ path, kind }) => [path, kind === 'directory' ? 'add /' : 'add'] as const);
  return Object.fromEntries([...planned, ...added]);
}

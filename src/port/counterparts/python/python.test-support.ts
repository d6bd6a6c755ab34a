import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { afterEach, expect } from 'vitest';
import type { TarMember } from '../../../tar/index.ts';
import { pathNames } from '../../engine/map-path.ts';
import type { PythonSettings } from '../../options.ts';
import type { OriginContext, OriginPlan, PortImage } from '../../origin-types.ts';
import { fates as fatesOf, newBytes as newBytesOf, viewOf } from '../shared/plan.test-support.ts';
import type { IndexSpec, RunningIndex } from './index.test-support.ts';
import { serveIndex } from './index.test-support.ts';
import { wantedPython } from './installed/wanted.ts';
import { type PythonParts, pythonOrigin } from './origin.ts';
import { parseRecord, sha256In } from './record.ts';
import type { MadeWheel } from './wheels.test-support.ts';

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

export function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'armload-python-'));
  ends.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** An index that ends with the test: of these wheels of one project, or as it's told. */
export async function indexOf(
  wheels: readonly MadeWheel[],
  spec: Partial<IndexSpec> = {},
): Promise<RunningIndex> {
  const index = await serveIndex({ projects: { fast: wheels.map((wheel) => ({ wheel })) }, ...spec });
  ends.push(() => index.close());
  return index;
}

export interface Scene {
  readonly layers: readonly (readonly TarMember[])[];
  readonly oldBase?: readonly TarMember[];
  readonly newBase?: readonly TarMember[];
  readonly index?: RunningIndex;
  readonly settings?: PythonSettings;
  readonly parts?: PythonParts;
  readonly context?: Partial<OriginContext>;
}

export interface Planned {
  readonly image: PortImage;
  readonly plan: OriginPlan;
  readonly cache: string;
}

/** Nothing of this machine's configuration. */
export const nowhere: PythonParts = { environment: {}, system: '/nonexistent' };

export async function planOf(scene: Scene): Promise<Planned> {
  const { layers, oldBase, newBase, index, settings, parts } = scene;
  const base = oldBase === undefined ? [] : [oldBase];
  const image: PortImage = {
    reference: 'example.com/app:1',
    source: { os: 'linux', architecture: 'amd64' },
    target: { os: 'linux', architecture: 'arm64' },
    view: await viewOf([...base, ...layers], { wanted: wantedPython }),
    baseLayers: base.length,
    oldBase: await viewOf(base, { wanted: wantedPython }),
    newBase: await viewOf(newBase === undefined ? [] : [newBase], { wanted: wantedPython }),
    mapPath: pathNames(
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
      await viewOf([], { wanted: wantedPython }),
    ),
  };
  const cache = scene.context?.cache ?? temporary();
  const origin = pythonOrigin(settings ?? (index === undefined ? {} : { indexes: [index.url] }), {
    ...nowhere,
    ...parts,
  });
  const plan = await origin.plan(image, {
    folder: temporary(),
    taken: new Set(),
    clock: { now: () => 0, sleep: async () => undefined },
    ...scene.context,
    cache,
  });
  return { image, plan, cache };
}

/** By path, the sums of the new image's files. */
function sumsAfter({ image, plan }: Planned): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const { path, entry } of image.view.entries()) {
    const one = plan.paths.get(path);
    if (entry.kind === 'directory' || one?.action === 'drop') continue;
    const to = (one !== undefined && 'to' in one ? one.to : undefined) ?? path;
    const isNew = one?.action === 'replace' && one.with.kind === 'file';
    sums.set(to, isNew ? one.with.sha256 : (entry.sha256 ?? ''));
  }
  for (const item of plan.added) if (item.kind === 'file') sums.set(item.path, item.sha256);
  return sums;
}

/** RECORD lists what will be there, each with its sum. Gives its paths. */
export async function expectTrueRecord(planned: Planned, info: string): Promise<readonly string[]> {
  const lines = parseRecord((await newBytes(planned, `${info}/RECORD`)).toString('utf8')) ?? [];
  const sums = sumsAfter(planned);
  for (const line of lines) {
    const path = posix.join(posix.dirname(info), line.path);
    expect([...sums.keys()]).toContain(path);
    if (!path.endsWith('/RECORD')) expect(`${path} ${sha256In(line)}`).toBe(`${path} ${sums.get(path)}`);
  }
  const listed = lines.map(({ path }) => path);
  expect(new Set(listed).size).toBe(listed.length);
  return listed;
}

/** What becomes of the paths: `keep`, `drop`, `replace`, or the new path behind an arrow. */
export function fates({ plan }: Planned): Readonly<Record<string, string>> {
  return fatesOf(plan);
}

/** The bytes that a path of the plan gets. */
export function newBytes({ plan }: Planned, path: string): Promise<Buffer> {
  return newBytesOf(plan, path);
}

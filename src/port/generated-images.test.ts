import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildIndex } from '../fixture/index.ts';
import { type MergedView, mergeLayers } from '../layer/index.ts';
import type { PortResult } from '../results/index.ts';
import { amd, arm, plainBase, richBase } from './adversarial.test-support.ts';
import { generatedLayers } from './generated-images.test-support.ts';
import { entryPath } from './plan-types.ts';
import { appOn, type Pulled } from './port.test-support.ts';
import { expectSound, sharedPortWorld } from './shared-world.test-support.ts';

const world = sharedPortWorld();
const runs = Number(process.env['ARMLOAD_TEST_RUNS'] ?? 12);

test('whatever the layers hold, a port is refused, or sound, whole, without what was deleted, and the same each time', {
  timeout: 60_000 + runs * 5_000,
}, async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(generatedLayers, fc.boolean(), async (layers, hasPackages) => {
      const files = hasPackages ? richBase : plainBase;
      const reference = await world.pushed(buildIndex([await appOn(layers, { files })]));
      const options = { bases: [await world.base(files)], only: true };
      const ported = await world.port(reference, options);
      const { result } = ported;
      outcomes.set(result.outcome, (outcomes.get(result.outcome) ?? 0) + 1);
      const pulled = await expectSound(world, ported);
      if (pulled === undefined) return;
      const source = await world.pull(reference, 'amd64');
      expectTotal(source.view, result);
      expectWhole(source.view, pulled, result);
      expectNothingBack(source.view, pulled.view);
      const { result: again } = await world.port(reference, { ...options, dryRun: true });
      expect(again.image?.digest).toBe(pulled.digest);
    }),
    { numRuns: runs },
  );
  expect(outcomes.get('published') ?? 0).toBeGreaterThan(0);
  expect(outcomes.get('refused') ?? 0).toBeGreaterThan(0);
});

/** Each entry above the base has its record, in order. */
function expectTotal({ layers }: MergedView, { account }: PortResult): void {
  const entries = layers
    .slice(1)
    .flatMap((facts, layer) => facts.entries.map((entry) => `${layer} ${entryPath(entry)}`));
  const told = account.filter(({ outcome, kind }) => outcome !== 'added' && kind !== 'unread');
  expect(told.map(({ layer, path }) => `${layer} ${path}`)).toEqual(entries);
}

/** What was kept or moved, and shows in the source, shows in the port with the same content. */
function expectWhole(source: MergedView, { view }: Pulled, { account }: PortResult): void {
  // Engines disagree on what the source has there; the port is as those have it that follow the base's links.
  const ambiguous = ambiguousPaths(source);
  for (const { layer, path, to, outcome, kind } of account) {
    if (ambiguous.some((one) => `${path}/`.startsWith(`${one}/`))) continue;
    if (outcome === 'dropped' || outcome === 'added' || kind === 'whiteout' || kind === 'opaque') continue;
    const before = source.lookup(path);
    if (before === undefined || before.layer !== layer + 1) continue;
    const now = view.resolve(to ?? path, { followLast: false });
    expect([path, now.found]).toEqual([path, true]);
    if (!now.found || outcome === 'replaced' || kind === 'directory') continue;
    const { kind: newKind, sha256, linkName, mode } = now.entry.entry;
    const { entry } = before;
    expect([path, newKind, sha256, linkName, mode]).toEqual([
      path,
      entry.kind,
      entry.sha256,
      entry.linkName,
      entry.mode,
    ]);
  }
}

/** Paths of entries and markers that lead through a link of the base, as they are and where it leads. */
function ambiguousPaths({ layers }: MergedView): readonly string[] {
  const base = mergeLayers(layers.slice(0, 1));
  return layers.slice(1).flatMap(({ entries }) =>
    entries.flatMap(({ path }) => {
      const slash = Math.max(0, path.lastIndexOf('/'));
      const parent = base.resolve(path.slice(0, slash));
      const isLinked = parent.found && parent.entry.path !== path.slice(0, slash);
      return isLinked ? [path, `${parent.entry.path}${path.slice(slash)}`] : [];
    }),
  );
}

/** What the source has of its base no more, deleted or replaced by its own, the port has not of the new base either. */
function expectNothingBack(source: MergedView, view: MergedView): void {
  const [base] = source.layers;
  for (const { path } of base?.entries ?? []) {
    const there = source.lookup(path);
    const isOwn = there !== undefined && there.layer > 0 && there.entry.kind !== 'directory';
    if (there !== undefined && !(isOwn && path.startsWith(amd))) continue;
    const now = view.lookup(path.replace(amd, arm));
    expect([path, now?.layer === 0 && now.entry.kind !== 'directory']).toEqual([path, false]);
  }
}

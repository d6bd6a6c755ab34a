import { type BaseResult, type PortMaterial, type PortResult, portOrigins } from '../../results/index.ts';
import { count, describeSize, plainText } from '../text.ts';
import { portOutcomeOf } from './outcome.ts';

type Parity = NonNullable<BaseResult['parity']>;
type Difference = Parity['differences'][number];
type ConfigDecision = PortResult['config'][number];

const digestShown = 'sha256:'.length + 12;

/** `sha256:0123456789ab`, or all of it where every detail is asked for. */
export function describeDigest(digest: string, detail: boolean): string {
  const text = plainText(digest);
  return detail ? text : text.slice(0, digestShown);
}

/** Where the port is or would be; the image itself where there is to be none. */
export function describeTitle({ outcome, destination, source }: PortResult): string {
  return plainText(outcome === 'unneeded' ? source.reference : (destination ?? source.reference));
}

/** `docker.io/library/debian:12-slim`, or why there is none. */
export function describeBase({ state, reference, why }: BaseResult): string {
  return plainText(state === 'found' ? (reference ?? why) : `${state}: ${why}`);
}

/** `by provenance, 1 layer, sha256:0123456789ab → sha256:ba9876543210`; empty where there is no base. */
export function describeBaseFacts(base: BaseResult, detail: boolean): string {
  const { evidence, layers, source, target } = base;
  const digests = [source, target].flatMap((digest) =>
    digest === undefined ? [] : [describeDigest(digest, detail)],
  );
  return [
    ...(evidence === undefined ? [] : [`by ${plainText(evidence)}`]),
    ...(layers === undefined ? [] : [count(layers, 'layer')]),
    ...(digests.length === 0 ? [] : [digests.join(' → ')]),
  ].join(', ');
}

const verdicts: Readonly<Record<Parity['verdict'], string>> = {
  equal: 'its sibling is equal',
  'newer-patch': 'its sibling has newer packages of the same release',
  different: 'its sibling is different',
  unknown: 'nobody could tell how its sibling differs',
};

/** `its sibling is different, which was accepted: 1 different, 2 newer, 30 harmless`. */
export function describeParity({ verdict, acceptable, accepted, differences, uncompared }: Parity): string {
  const policy = acceptable ? '' : accepted ? ', which was accepted' : ', which is not accepted';
  const weights = (['different', 'newer', 'harmless'] as const).flatMap((weight) => {
    const number = differences.filter((difference) => difference.weight === weight).length;
    return number === 0 ? [] : [`${number} ${weight}`];
  });
  const counts = [...weights, ...(uncompared.length === 0 ? [] : [`${uncompared.length} not compared`])];
  return `${verdicts[verdict]}${policy}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}`;
}

/** `package libc6: 2.36-9+deb12u7 → 2.36-9+deb12u9 (newer): the same release`. */
export function describeDifference({ kind, name, old, new: now, weight, why }: Difference): string {
  return plainText(`${kind} ${name}: ${old ?? 'none'} → ${now ?? 'none'} (${weight}): ${why}`);
}

/** `40 layers: 30 of the base, 8 kept, 2 rewritten`. */
export function describeLayerCounts({ layers }: PortResult): string {
  const words = { base: 'of the base', kept: 'kept', rewritten: 'rewritten' } as const;
  const parts = (['base', 'kept', 'rewritten'] as const).flatMap((kind) => {
    const number = layers.filter((layer) => layer.kind === kind).length;
    return number === 0 ? [] : [`${number} ${words[kind]}`];
  });
  return layers.length === 0 ? '' : `${count(layers.length, 'layer')}: ${parts.join(', ')}`;
}

/** `312 paths: 300 kept, 10 replaced, 2 dropped`; empty where the layers could not be put together. */
export function describePaths({ totals }: PortResult): string {
  const counted = portOrigins.filter((outcome) => totals[outcome] > 0);
  const all = counted.reduce((sum, outcome) => sum + totals[outcome], 0);
  const parts = counted.map((outcome) => `${totals[outcome]} ${outcome}`);
  return all === 0 ? '' : `${count(all, 'path')}: ${parts.join(', ')}`;
}

const nouns: ReadonlyMap<string, string> = new Map([
  ['debian', 'package'],
  ['release', 'file'],
]);
const namesShown = 3;

/** What came from one origin. */
export interface OriginSum {
  readonly origin: string;
  readonly materials: readonly PortMaterial[];
  /** `12 packages, 34 MB`; with their names where they are few. */
  readonly amount: string;
}

/** By origin, in the order of their first material. */
export function sumMaterials(materials: readonly PortMaterial[]): readonly OriginSum[] {
  const origins = [...new Set(materials.map(({ origin }) => origin))];
  return origins.map((origin) => {
    const of = materials.filter((material) => material.origin === origin);
    const bytes = of.reduce((sum, { size = 0 }) => sum + size, 0);
    const size = bytes === 0 ? '' : `, ${describeSize(bytes)}`;
    const names = of.length > namesShown ? '' : `: ${of.map(describeMaterial).join(', ')}`;
    return {
      origin,
      materials: of,
      amount: `${count(of.length, nouns.get(origin) ?? 'item')}${size}${names}`,
    };
  });
}

/** `libz1 1:1.2.13 arm64`. */
export function describeMaterial({ name, version, architecture }: PortMaterial): string {
  return plainText([name, version, architecture].filter((part) => part !== undefined).join(' '));
}

const quietActions: ReadonlySet<string> = new Set(['from-base', 'kept']);
/** They say the platform, which stands above everything. */
const quietMembers: ReadonlySet<string> = new Set(['architecture', 'os', 'variant']);

/** Decisions that people may want to know: those that changed what the image or its base says. */
export function notableConfig({ config }: PortResult): readonly ConfigDecision[] {
  return config.filter(({ member, action }) => !quietActions.has(action) && !quietMembers.has(member));
}

/** `config.Env.JAVA_HOME mapped: names the new architecture`. */
export function describeDecision({ member, action, why }: ConfigDecision): string {
  return plainText(`${member} ${action}: ${why}`);
}

/** `published · 4 layers: … · 312 paths: … · 2 refusals · 1.2 of 40 MB new · exit 0: the port is published`. */
export function portTotalsOf(result: PortResult): string {
  const { code, reason } = portOutcomeOf(result);
  return [
    result.outcome,
    describeLayerCounts(result),
    describePaths(result),
    describeRefusals(result),
    describeNew(result),
    `exit ${code}: ${reason}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function describeRefusals({ refusals }: PortResult): string {
  const open = refusals.filter(({ undetermined }) => undetermined).length;
  const sure = refusals.length - open;
  return [
    ...(sure === 0 ? [] : [count(sure, 'refusal')]),
    ...(open === 0 ? [] : [`${open} undetermined`]),
  ].join(', ');
}

function describeNew({ image }: PortResult): string {
  return image === undefined ? '' : `${describeSize(image.newBytes)} new of ${describeSize(image.bytes)}`;
}

/** What the person does now, as a sentence. */
export function nextStepOf(result: PortResult): string {
  const source = plainText(result.source.reference);
  const destination = plainText(result.destination ?? '');
  switch (result.outcome) {
    case 'published':
    case 'unchanged':
      return destination === source
        ? `${destination} has ${platformsOf(result)} now: nothing that uses it has to change.`
        : `Use ${destination} in the place of ${source}: it has ${platformsOf(result)}.`;
    case 'planned':
      return destination === ''
        ? 'To publish it, run it again with --to DESTINATION and without --dry-run.'
        : 'To publish it, run it again without --dry-run.';
    case 'unneeded':
      return destination === '' || destination === source
        ? `Nothing is to be done. To prove what is there: armload audit ${source} --platform ${plainText(result.platform)}`
        : `Nothing is to be ported. To have it under the other name: armload publish ${destination} ${source}`;
    case 'refused':
      return 'Lift what is refused as said above, and run it again; nothing was written.';
    case 'unknown':
      return 'Run it again when what could not be told can be; nothing was written.';
  }
}

function platformsOf({ publish, platform }: PortResult): string {
  const platforms = publish?.images.map((image) => plainText(image.platform)) ?? [];
  return platforms.length === 0 ? plainText(platform) : platforms.join(', ');
}

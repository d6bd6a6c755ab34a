import type { Observation, WorkaroundStatus } from '../results/index.ts';
import { standings } from './image-verdict.ts';
import { isRequired, type Product } from './product.ts';
import type { ProductImage, Workaround } from './product-schema.ts';
import { splitReference } from './repositories.ts';
import { inOrder, isGood, isTelling, type Sighting, type Standing, sightingsOf } from './standing.ts';
import { compareVersions, covers, isInRange, readVersion, type Scope, type Version } from './versions.ts';

/** A workaround, and what it's worth for what is asked about. */
export interface JudgedWorkaround {
  readonly workaround: Workaround;
  /** It is for all that's asked about. */
  readonly applies: boolean;
  readonly status: WorkaroundStatus;
  /** A sentence. */
  readonly why: string;
  /** With `tested`: the day. */
  readonly since?: string;
  /** The reference that an audit read and found right. */
  readonly audited?: string;
}

interface Surroundings {
  readonly scope: Scope;
  readonly sightings: readonly Sighting[];
  readonly observations: readonly Observation[];
  readonly today: string;
  readonly platform: string;
}

/** Can it be offered? */
export function isUsable({ applies, status, workaround }: JudgedWorkaround): boolean {
  return applies && (status === 'tested' || status === 'untested') && workaround.kind !== 'none';
}

export function judgeWorkarounds(product: Product, around: Surroundings): readonly JudgedWorkaround[] {
  const retirement = retirementOf(product, around.sightings);
  return (product.workarounds ?? []).map((workaround) => ({
    workaround,
    applies: covers(workaround.versions, around.scope),
    ...(retired(retirement, around.scope) ?? statusOf(workaround, product, around)),
  }));
}

type Judged = Pick<JudgedWorkaround, 'status' | 'why' | 'since' | 'audited'>;

function statusOf(workaround: Workaround, product: Product, around: Surroundings): Judged {
  const { until } = workaround;
  // The day itself still counts.
  if (until !== undefined && until < around.today)
    return { status: 'expired', why: `it was good until ${until}, and nobody has renewed it` };
  const seen = seenOf(workaround, product, around);
  if (seen?.status === 'broken') return seen;
  return (
    seen ??
    toldOf(workaround, around.today) ?? { status: 'untested', why: 'nobody is known to have tried it' }
  );
}

function toldOf({ tested = [] }: Workaround, today: string): Judged | undefined {
  const last = tested
    .filter(({ date }) => date <= today)
    .sort((a, b) => (a.date < b.date ? -1 : 1))
    .at(-1);
  if (last === undefined) return undefined;
  const of = last.version === undefined ? '' : `, of ${last.version}`;
  return { status: 'tested', since: last.date, why: `somebody told that it worked on ${last.date}${of}` };
}

/** What armload saw of it itself. */
function seenOf(workaround: Workaround, product: Product, around: Surroundings): Judged | undefined {
  if (workaround.image !== undefined) return judgedBy(workaroundStanding(workaround.image, around));
  if (workaround.kind !== 'recipe') return undefined;
  const last = inOrder(around.observations).findLast(
    (one) =>
      one.method === 'build' &&
      isTelling(one) &&
      one.platform === around.platform &&
      isBuildBy(one, workaround, product),
  );
  if (last === undefined) return undefined;
  const when = last.at.slice(0, 10);
  return isGood(last)
    ? {
        status: 'tested',
        since: when,
        why: `armload built ${last.reference} on ${when}, and its bytes are right`,
      }
    : {
        status: 'broken',
        why: `armload built ${last.reference} on ${when}, and it is ${last.result}: ${last.why}`,
      };
}

/** By the recipe that the observation names; where it names none, by the version, if one recipe alone is for that. */
function isBuildBy(
  { reference, recipe: built }: Observation,
  { recipe = '' }: Workaround,
  product: Product,
): boolean {
  if (built !== undefined) return built === recipe;
  const tag = splitReference(reference)?.tag;
  const version = tag === undefined ? undefined : readVersion(tag);
  const able = (product.workarounds ?? []).filter(
    ({ kind, versions }) =>
      kind === 'recipe' &&
      (versions === undefined || (version !== undefined && isInRange(version, versions) === true)),
  );
  return able.length === 1 && able[0]?.recipe === recipe;
}

function workaroundStanding(
  { reference, tag }: NonNullable<Workaround['image']>,
  { observations, platform }: Surroundings,
): Standing | undefined {
  const image: ProductImage = { reference, role: 'server' };
  const all = sightingsOf({ images: [image] }, observations, platform);
  return [...standings(tag === undefined ? all : all.filter((one) => one.tag === tag))]
    .sort((left, right) => Date.parse(left.by.observation.at) - Date.parse(right.by.observation.at))
    .at(-1);
}

function judgedBy(standing: Standing | undefined): Judged | undefined {
  if (standing === undefined) return undefined;
  const { observation } = standing.by;
  const when = observation.at.slice(0, 10);
  if (standing.is === 'bad')
    return {
      status: 'broken',
      why: `${observation.reference} was ${observation.result} on ${when}: ${observation.why}`,
    };
  if (observation.method !== 'audit') return undefined;
  const why = `an audit of ${observation.reference} on ${when} found it right`;
  return { status: 'tested', since: when, why, audited: observation.reference };
}

interface Retirement {
  /** Absent where no tag of them names a version. */
  readonly from?: Version;
  readonly why: string;
}

function retired(retirement: Retirement | undefined, scope: Scope): Judged | undefined {
  if (retirement === undefined) return undefined;
  const { from, why } = retirement;
  const reached =
    scope.of === 'now' ||
    (from !== undefined &&
      (scope.of === 'version'
        ? compareVersions(scope.version, from) >= 0
        : covers(`>=${from.semver.version}`, scope)));
  return reached ? { status: 'retired', why } : undefined;
}

/**
 * Workarounds are retired by two audits in a row, of different tags, that find each of the product's images right: one
 * good release may be an accident. For versions before those they stay.
 */
function retirementOf(product: Product, sightings: readonly Sighting[]): Retirement | undefined {
  const required = (product.images ?? []).filter(isRequired);
  const runs = required.map((image) => goodRun(sightings.filter((one) => one.image === image)));
  if (runs.length === 0 || runs.some((run) => !hasTwoReleases(run))) return undefined;
  const starts = runs.map((run) => run.flatMap(({ version }) => version ?? []).sort(compareVersions)[0]);
  const from = starts.includes(undefined)
    ? undefined
    : starts
        .flatMap((one) => one ?? [])
        .sort(compareVersions)
        .at(-1);
  const [run = []] = runs;
  const named = [...new Set(run.map(({ observation }) => observation.reference))].slice(0, 2).join(' and ');
  return {
    ...(from === undefined ? {} : { from }),
    why: `audits of ${named} in a row found the product's own images right`,
  };
}

/** Two tags of one version, or of one digest, are one release. */
function hasTwoReleases(run: readonly Sighting[]): boolean {
  const [first, ...others] = run;
  if (first === undefined) return false;
  const isOther = ({ version, tag, observation }: Sighting) =>
    (version === undefined || first.version === undefined
      ? tag !== first.tag
      : compareVersions(version, first.version) !== 0) &&
    (observation.digest === undefined || observation.digest !== first.observation.digest);
  return others.some(isOther) || hasTwoReleases(others);
}

/** The good audits of an image since it was last seen to be bad, newest first. */
function goodRun(sightings: readonly Sighting[]): readonly Sighting[] {
  const own = sightings.filter(({ place, tag }) => place === 'own' && tag !== undefined);
  const telling = own
    .filter(({ observation }) => observation.method === 'audit' || !isGood(observation))
    .reverse();
  const end = telling.findIndex(({ observation }) => observation.result !== 'multi-arch');
  return end < 0 ? telling : telling.slice(0, end);
}

import type { CatalogFinding, ProductState } from '../results/index.ts';
import { findingsOf } from './findings.ts';
import type { ImageVerdict } from './image-verdict.ts';
import { isRequired, type Product } from './product.ts';
import type { Claim, UpstreamLink } from './product-schema.ts';
import { isDevelopmentTag, isPrerelease } from './versions.ts';
import { type StateOptions, type View, viewOf } from './view.ts';
import { isUsable, type JudgedWorkaround } from './workarounds.ts';

/** A product's state, and what stands beside it. */
export interface JudgedProduct extends ProductState {
  /** The newest claim that holds for all that's asked about. It's no state: nobody has checked it. */
  readonly claim?: Claim;
  readonly workarounds: readonly JudgedWorkaround[];
  readonly verdicts: readonly ImageVerdict[];
  readonly findings: readonly CatalogFinding[];
}

/**
 * How far a product is, or one version (`2.0.5`) or range (`<2.3`) of it. Nothing is remembered: the state follows from the
 * product's file and the observations alone. `supported` takes an audit of each of its images; `regressed` comes by
 * itself; what nobody could determine changes nothing.
 * @throws CatalogError `VERSION_INVALID`
 */
export function stateOf(product: Product, asked: string | undefined, options: StateOptions): JudgedProduct {
  const view = viewOf(product, asked, options);
  const { observed, age, workarounds, verdicts, claims } = view;
  const [claim] = claims;
  return {
    ...decide(view),
    ...(observed === undefined ? {} : { observed }),
    ...(age === undefined ? {} : { age }),
    ...(claim === undefined ? {} : { claim }),
    workarounds,
    verdicts,
    findings: findingsOf(view),
  };
}

type Decision = Pick<ProductState, 'state' | 'because' | 'since'>;

/** The ends first, then what was seen, then from the most to the least of what people say and do. */
function decide(view: View): Decision {
  const decision = ended(view) ??
    regressed(view) ??
    supported(view) ??
    binaryOnly(view) ??
    prerelease(view) ??
    workable(view) ??
    tracked(view) ??
    unsupported(view) ?? {
      state: 'unknown',
      because: ['nobody has looked yet, and nobody speaks against it'],
    };
  return { ...decision, because: [...decision.because, ...beside(view, decision)] };
}

function ended({ product: { successor, archived }, today }: View): Decision | undefined {
  if (successor !== undefined && (successor.since ?? '') <= today) {
    const by = successor.title ?? successor.product;
    return { state: 'superseded', because: [`${by} took its place`], ...sinceOf(successor.since) };
  }
  if (archived === undefined || (archived.since ?? '') > today) return undefined;
  return { state: 'archived', because: ['nobody works on it any more'], ...sinceOf(archived.since) };
}

function regressed(view: View): Decision | undefined {
  const fallen = required(view).filter(({ contradicts }) => contradicts !== undefined);
  const [first] = fallen.map(({ standing }) => standing?.first.observation.at ?? '').sort();
  if (first === undefined) return undefined;
  return { state: 'regressed', because: fallen.map(describeFall), since: first };
}

function describeFall({ standing, contradicts }: ImageVerdict): string {
  const seen = standing?.by.observation;
  const now = `${seen?.reference} was ${seen?.result} on ${seen?.at.slice(0, 10)} (${seen?.method}: ${seen?.why})`;
  if (contradicts === undefined) return now;
  if ('claim' in contradicts)
    return `${now}, though it was said on ${contradicts.claim.date} that: ${contradicts.claim.text}`;
  const { reference, at } = contradicts.sighting.observation;
  return `${now}, where ${reference} was multi-arch on ${at.slice(0, 10)}`;
}

function supported(view: View): Decision | undefined {
  const images = required(view);
  if (images.length === 0 || images.some(({ is }) => is !== 'good')) return undefined;
  const sightings = images.flatMap(({ standing }) => standing?.by ?? []);
  const times = sightings.map(({ observation }) => observation.at).sort();
  return {
    state: 'supported',
    because: sightings.map(
      ({ observation: { reference, at } }) =>
        `an audit of ${reference} on ${at.slice(0, 10)} found its bytes right`,
    ),
    // The product is whole since the last of its images was.
    ...sinceOf(times.at(-1)),
  };
}

function binaryOnly({ claims }: View): Decision | undefined {
  return byClaim('binary-only', claims, ['binary-only']);
}

function prerelease(view: View): Decision | undefined {
  const channel = view.workarounds.find((one) => one.workaround.kind === 'channel' && isUsable(one));
  if (channel !== undefined)
    return { state: 'prerelease', because: [channel.workaround.text], ...sinceOf(channel.since) };
  const build = view.scope.of === 'now' ? developmentBuild(view) : undefined;
  if (build !== undefined) return build;
  return byClaim('prerelease', view.claims, ['prerelease']);
}

function developmentBuild({ sightings }: View): Decision | undefined {
  const last = sightings.findLast(
    ({ place, tag = '', version }) =>
      place === 'own' && (version === undefined ? isDevelopmentTag(tag) : isPrerelease(version)),
  );
  if (last?.observation.result !== 'multi-arch') return undefined;
  const { reference, at } = last.observation;
  return { state: 'prerelease', because: [`${reference} was multi-arch on ${at.slice(0, 10)}`], since: at };
}

function workable(view: View): Decision | undefined {
  const tested = view.workarounds.find((one) => isUsable(one) && one.status === 'tested');
  if (tested !== undefined)
    return {
      state: 'workable',
      because: [`${tested.workaround.text}: ${tested.why}`],
      ...sinceOf(tested.since),
    };
  const images = required(view);
  const single = images.find(
    ({ is, standing }) => is === 'single' && standing?.by.observation.method === 'audit',
  );
  if (single === undefined || images.some(({ is }) => is !== 'single' && is !== 'good')) return undefined;
  const { reference, at } = single.standing?.by.observation ?? { reference: '', at: '' };
  return {
    state: 'workable',
    because: [`${reference} is an image for the platform alone, and its bytes are right`],
    since: at,
  };
}

function tracked({ links, workarounds, product }: View): Decision | undefined {
  const link = links.find(isTracking);
  if (link !== undefined)
    return { state: 'tracked', because: [`upstream: ${link.url}`], ...sinceOf(link.since) };
  const known = workarounds.filter(
    ({ applies, status, workaround }) => applies && status !== 'retired' && workaround.kind !== 'none',
  );
  if (known.length === 0) return undefined;
  return {
    state: 'tracked',
    because: [
      `${known.length === 1 ? 'a workaround is' : `${known.length} workarounds are`} known for ${product.title}, and none is known to work now`,
    ],
  };
}

/** Somebody upstream works on getting the platform, or did. */
export function isTracking({ kind, about = 'support' }: UpstreamLink): boolean {
  return about === 'support' && (kind === 'issue' || kind === 'pull-request');
}

function unsupported(view: View): Decision | undefined {
  const bad = required(view).filter(({ is }) => is === 'bad');
  if (bad.length > 0) return { state: 'unsupported', because: bad.map(describeFall) };
  return byClaim('unsupported', view.claims, ['unsupported', 'partial', 'merged']);
}

/** What people say and doubt themselves decides nothing. */
function byClaim(
  state: ProductState['state'],
  claims: readonly Claim[],
  words: readonly Claim['says'][],
): Decision | undefined {
  const claim = claims.find(({ says, doubt }) => doubt === undefined && words.includes(says));
  return claim && { state, because: [`said on ${claim.date}: ${claim.text}`], since: claim.date };
}

/** What else a reader should know before believing the state. */
function beside(view: View, { state, because }: Decision): readonly string[] {
  const claims = view.claims.filter(
    ({ says, text }) =>
      says !== state &&
      !(state === 'regressed' && says === 'supported') &&
      !because.some((sentence) => sentence.includes(text)),
  );
  return [
    ...required(view).flatMap((verdict) => besideImage(verdict, state)),
    ...claims.map(
      ({ date, text, doubt }) =>
        `claimed on ${date}, not seen by armload: ${text}${doubt === undefined ? '' : ` (doubtful: ${doubt})`}`,
    ),
  ];
}

function besideImage({ image, is, standing }: ImageVerdict, state: ProductState['state']): string[] {
  const reference = standing?.by.observation.reference;
  if (standing?.movedTo !== undefined)
    return [`${reference} points to ${standing.movedTo} since, which no audit has read`];
  if (is === 'listed') return [`the registry lists the platform for ${reference}, and no audit has read it`];
  if (is === 'bad' && state !== 'regressed' && state !== 'unsupported')
    return [
      `${reference} was ${standing?.by.observation.result} on ${standing?.by.observation.at.slice(0, 10)}`,
    ];
  const seen = state === 'regressed' || state === 'supported';
  return is === 'unseen' && seen ? [`${image.reference} was not looked at`] : [];
}

function required({ verdicts }: View): readonly ImageVerdict[] {
  return verdicts.filter(({ image }) => isRequired(image));
}

function sinceOf(since: string | undefined): { readonly since?: string } {
  return since === undefined ? {} : { since };
}

import {
  type CatalogList,
  type CatalogProduct,
  type ClaimResult,
  catalogSchemaVersion,
  type Observation,
  type ProductState,
  productStates,
  type WorkaroundResult,
} from '../results/index.ts';
import type { Catalog } from './catalog.ts';
import { channelAddress } from './channels.ts';
import { newestObservations } from './observation-store.ts';
import { isRequired, type Product } from './product.ts';
import type { Claim, Listing } from './product-schema.ts';
import { type JudgedProduct, stateOf } from './state.ts';
import { catalogPlatform } from './view.ts';
import { isUsable, type JudgedWorkaround } from './workarounds.ts';

const shownObservations = 100;

export interface ResultOptions {
  /** What was observed of a product, by its name. */
  readonly observations: (product: string) => readonly Observation[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Normalised; `linux/arm64` unless told. */
  readonly platform?: string;
  /** Beside the catalog's own. */
  readonly notes?: readonly string[];
}

/** Every product with its state; with `states`, those in one of them. */
export function listCatalog(
  catalog: Catalog,
  { states, ...options }: ResultOptions & { readonly states?: readonly ProductState['state'][] },
): CatalogList {
  const judged = catalog.products
    .map((product) => ({ product, state: judge(product, undefined, options) }))
    .filter(({ state }) => states === undefined || states.includes(state.state));
  const counted = productStates.map((name) => [
    name,
    judged.filter(({ state }) => state.state === name).length,
  ]);
  return {
    ...around(catalog, options),
    states: Object.fromEntries(counted) as CatalogList['states'],
    products: judged.map(({ product, state }) => ({
      name: product.name,
      title: product.title,
      delivery: product.delivery,
      state: plainState(state),
      ...(state.claim === undefined ? {} : { claim: claimResult(state.claim) }),
      workarounds: state.workarounds.filter(isUsable).length,
      findings: [...state.findings],
    })),
  };
}

/**
 * All that's known of one product, or of one version or range of it.
 * @throws CatalogError `VERSION_INVALID`
 */
export function showProduct(
  catalog: Catalog,
  { product, asked }: { readonly product: Product; readonly asked?: string | undefined },
  options: ResultOptions,
): CatalogProduct {
  const state = judge(product, asked, options);
  const newest = newestObservations(options.observations(product.name));
  const optional = {
    ...(asked === undefined ? {} : { asked }),
    ...(product.homepage === undefined ? {} : { homepage: product.homepage }),
    ...(product.archived === undefined ? {} : { archived: product.archived }),
    ...successorOf(catalog, product),
  };
  const { notes, ...rest } = around(catalog, options);
  return {
    ...rest,
    // Each begins with the file that it's about.
    notes: notes.filter((note) => note.startsWith(product.file) || !catalog.notes.includes(note)),
    name: product.name,
    title: product.title,
    file: product.file,
    names: [...(product.aliases ?? []), ...(product.formerNames ?? [])],
    delivery: product.delivery,
    licence: product.licence ?? [],
    forks: product.forks ?? [],
    remarks: product.notes ?? [],
    ...optional,
    state: plainState(state),
    claims: [...(product.claims ?? [])].sort((a, b) => (a.date < b.date ? 1 : -1)).map(claimResult),
    workarounds: state.workarounds.map(workaroundResult),
    images: state.verdicts.map(({ image, is }) => ({
      reference: image.reference,
      role: image.role,
      optional: !isRequired(image),
      confirmed: image.confirmed ?? true,
      formerly: image.formerly ?? [],
      archNames: image.archNames ?? [],
      mirrors: image.mirrors ?? [],
      tag: image.tag ?? '{version}',
      seen: is,
      ...(image.note === undefined ? {} : { note: image.note }),
    })),
    ...channelsOf(product, options),
    links: product.links ?? [],
    overrides: (product.overrides ?? []).map(({ images = [], confirmed = true, ...rest }) => ({
      ...rest,
      images,
      confirmed,
    })),
    observations: newest.slice(0, shownObservations).map(observationResult),
    observationsOmitted: Math.max(0, newest.length - shownObservations),
    findings: [...state.findings],
    listings: (product.listings ?? []).map(listingResult),
  };
}

export function judge(
  product: Product,
  asked: string | undefined,
  { observations, now, platform }: ResultOptions,
): JudgedProduct {
  return stateOf(product, asked, {
    observations: observations(product.name),
    now,
    ...(platform === undefined ? {} : { platform }),
  });
}

export function around(
  { notes }: Catalog,
  { now, platform = catalogPlatform, notes: others = [] }: ResultOptions,
) {
  return {
    schemaVersion: catalogSchemaVersion as typeof catalogSchemaVersion,
    at: new Date(now).toISOString(),
    platform,
    notes: [...notes, ...others],
  } satisfies Pick<CatalogList, 'schemaVersion' | 'at' | 'platform' | 'notes'>;
}

export function plainState({ state, because, since, observed, age }: JudgedProduct): ProductState {
  return {
    state,
    because: [...because],
    ...(since === undefined ? {} : { since }),
    ...(observed === undefined ? {} : { observed }),
    ...(age === undefined ? {} : { age }),
  };
}

function claimResult({ says, text, versions, source, date, doubt }: Claim): ClaimResult {
  return {
    ...{ says, text, source, date },
    ...(versions === undefined ? {} : { versions }),
    ...(doubt === undefined ? {} : { doubt }),
  };
}

function workaroundResult({ workaround, applies, status, why }: JudgedWorkaround): WorkaroundResult {
  const { kind, text, versions, until, image, channel, recipe, command } = workaround;
  const tag = image?.tag === undefined ? '' : `:${image.tag}`;
  return {
    ...{ kind, text, applies, status, why },
    ...(versions === undefined ? {} : { versions }),
    ...(until === undefined ? {} : { until }),
    ...(image === undefined ? {} : { reference: `${image.reference}${tag}`, trust: image.trust }),
    ...(channel === undefined ? {} : { channel }),
    ...(recipe === undefined ? {} : { recipe }),
    ...(command === undefined ? {} : { command }),
  };
}

function channelsOf(
  { channels }: Product,
  { platform = catalogPlatform }: ResultOptions,
): Pick<CatalogProduct, 'channels'> {
  if (channels === undefined) return {};
  const architecture = platform.split('/')[1] ?? '';
  return {
    channels: channels.list.map(({ name, since, source, doubt, ended }) => ({
      name,
      address: channelAddress(channels.version, { channel: name, architecture, version: channels.latest }),
      ...(since === undefined ? {} : { since }),
      ...(source === undefined ? {} : { source }),
      ...(doubt === undefined ? {} : { doubt }),
      ...(ended === undefined ? {} : { ended }),
    })),
  };
}

function successorOf(catalog: Catalog, { successor }: Product): Pick<CatalogProduct, 'successor'> {
  if (successor === undefined) return {};
  const { product, title, url, since } = successor;
  const named = title ?? catalog.find(product ?? '')?.title ?? product ?? '';
  return {
    successor: {
      title: named,
      ...(product === undefined ? {} : { product }),
      ...(url === undefined ? {} : { url }),
      ...(since === undefined ? {} : { since }),
    },
  };
}

function observationResult({ reference, method, result, at, why, digest, reason }: Observation) {
  return {
    ...{ reference, method, result, at, why },
    ...(digest === undefined ? {} : { digest }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function listingResult({ table, rows, left, because }: Listing) {
  const [first] = rows;
  return {
    table,
    entered: first?.from ?? first?.seen ?? '',
    ...(left === undefined ? {} : { left }),
    ...(because === undefined ? {} : { because }),
  };
}

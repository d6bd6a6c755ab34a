import type {
  CatalogList,
  CatalogPage,
  CatalogProduct,
  ClaimResult,
  ProductState,
  ProductStateName,
  WorkaroundResult,
} from '../../results/index.ts';
import type { Tone } from '../groups.ts';
import { count, plainText } from '../text.ts';

/** How much a state should stand out. */
export const stateTones: Readonly<Record<ProductStateName, Tone>> = {
  unknown: 'quiet',
  unsupported: 'bad',
  tracked: 'doubt',
  workable: 'doubt',
  prerelease: 'doubt',
  'binary-only': 'doubt',
  supported: 'good',
  regressed: 'bad',
  superseded: 'quiet',
  archived: 'quiet',
};

/** `never looked at`, `seen today`, `seen 3 days ago`. */
export function describeAge({ age }: Pick<ProductState, 'age'>): string {
  if (age === undefined) return 'never looked at';
  return age === 0 ? 'seen today' : `seen ${count(age, 'day')} ago`;
}

/** `supported, >=2.3.0`; empty where nobody says anything. */
export function describeClaim(claim: ClaimResult | undefined): string {
  if (claim === undefined) return '';
  const range = claim.versions === undefined ? '' : `, ${plainText(claim.versions)}`;
  return `${claim.says}${range}${claim.doubt === undefined ? '' : ', doubtful'}`;
}

/** `since 3033.2.0`, as people say it of a channel. */
export function describeChannelClaim({
  since,
  ended,
}: NonNullable<CatalogProduct['channels']>[number]): string {
  if (ended !== undefined) return `ended: ${ended}`;
  return since === undefined ? 'nobody says since when' : `since ${since}, people say`;
}

/** `recipe argo-cd-source, for <2.3.0: tested`. */
export function describeWorkaround({
  kind,
  versions,
  applies,
  status,
  recipe,
  channel,
  reference,
  trust,
}: WorkaroundResult): string {
  const what = recipe ?? channel ?? reference;
  const by = trust === undefined ? '' : ` (${trust})`;
  const range = versions === undefined ? '' : `, for ${plainText(versions)}`;
  const other = applies ? '' : '; not for what is asked about';
  return `${kind}${what === undefined ? '' : ` ${plainText(what)}${by}`}${range}: ${status}${other}`;
}

/** `56 products: 33 unknown, 12 tracked`. */
export function catalogListTotalsOf({ products, states }: CatalogList): string {
  const counted = Object.entries(states)
    .filter(([, number]) => number > 0)
    .sort(([, left], [, right]) => right - left)
    .map(([state, number]) => `${number} ${state}`);
  return [count(products.length, 'product'), ...(counted.length === 0 ? [] : [counted.join(', ')])].join(
    ': ',
  );
}

/** `argo-cd@2.0.5: workable`. */
export function catalogProductTotalsOf({ name, asked, state }: CatalogProduct): string {
  return `${name}${asked === undefined ? '' : `@${plainText(asked)}`}: ${state.state}`;
}

/** `3 rows, as the page had them on 2021-08-09`. */
export function catalogPageTotalsOf({ rows, from, date }: CatalogPage): string {
  const rest = from === 'page' ? `as the page had them on ${date}` : `of what was known on ${date}`;
  return `${count(rows.length, 'row')}, ${rest}`;
}

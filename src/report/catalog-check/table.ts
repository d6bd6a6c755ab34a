import type {
  CatalogCheckResult,
  ChannelLook,
  CheckedProduct,
  CheckFinding,
  ObservationResult,
} from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import type { Tone } from '../groups.ts';
import { joined, labelledLines, type Page, pageOf } from '../page.ts';
import { plainText, wrap } from '../text.ts';
import { isWorthTelling } from './outcome.ts';
import { catalogCheckTotalsOf, describeChannel, describeMove, describeSeen } from './sentences.ts';

const indent = 2;
const labelWidth = 11;

const tones: Readonly<Record<ObservationResult, Tone>> = {
  'multi-arch': 'good',
  'single-arch': 'good',
  none: 'quiet',
  mislabelled: 'bad',
  partial: 'doubt',
  gone: 'doubt',
  unknown: 'doubt',
};
const channelTones: Readonly<Record<ChannelLook['result'], Tone>> = {
  has: 'good',
  none: 'quiet',
  gone: 'quiet',
  unknown: 'doubt',
};
const findingTones: Readonly<Record<CheckFinding['severity'], Tone>> = {
  error: 'bad',
  warning: 'doubt',
  note: 'quiet',
};

/** A check of the catalog for people: what moved, what was lost, what lies, what nobody could tell. */
export function renderCatalogCheckTable(result: CatalogCheckResult, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  const shown = page.all ? result.products : result.products.filter(isWorthTelling);
  return joined([
    ...shown.map((product) => productLines(product, page)),
    [page.paint.bold(catalogCheckTotalsOf(result))],
  ]);
}

function productLines(product: CheckedProduct, page: Page): readonly string[] {
  const { paint } = page;
  const { after, regressions, findings, observations } = product;
  return [
    `${paint.bold(plainText(product.product))}  ${paint.tone(toneOf(product), describeMove(product))}`,
    ...(page.detail ? after.because : after.because.slice(0, 1)).flatMap((text) =>
      labelled('because', text, page),
    ),
    ...regressions.flatMap(({ reference, why }) =>
      about('regression', { reference, why, tone: 'bad' }, page),
    ),
    ...findings
      .filter(({ severity }) => severity !== 'note' || page.all)
      .flatMap(({ severity, reference, why }) =>
        about('finding', { reference, why, tone: findingTones[severity] }, page),
      ),
    ...observations.flatMap((seen) => {
      const line = `${plainText(seen.reference)}  ${paint.tone(tones[seen.result], describeSeen(seen))}`;
      const why = page.detail || seen.result === 'unknown' ? wrapped(seen.why, page) : [];
      return labelledLines('seen', [line, ...why], margin(page));
    }),
    ...(product.channels ?? []).flatMap((look) => {
      const line = `${plainText(look.channel)}  ${paint.tone(channelTones[look.result], describeChannel(look))}`;
      const why = page.detail || look.result === 'unknown' ? wrapped(look.why, page) : [];
      return labelledLines('channel', [line, ...why], margin(page));
    }),
    ...(page.all
      ? product.fresh.flatMap(({ reference, at }) =>
          labelledLines('known', [`${plainText(reference)}  since ${at.slice(0, 10)}`], margin(page)),
        )
      : []),
  ];
}

function toneOf({ after, regressions }: CheckedProduct): Tone {
  if (after.state === 'regressed' || regressions.length > 0) return 'bad';
  return after.state === 'supported' ? 'good' : 'quiet';
}

interface Remark {
  readonly reference: string | undefined;
  readonly why: string;
  readonly tone: Tone;
}

function about(label: string, { reference, why, tone }: Remark, page: Page): readonly string[] {
  const said = wrapped(why, page).map((line) => page.paint.tone(tone, line));
  return labelledLines(label, reference === undefined ? said : [plainText(reference), ...said], margin(page));
}

function labelled(label: string, text: string, page: Page): readonly string[] {
  return labelledLines(label, wrapped(text, page), margin(page));
}

function wrapped(text: string, page: Page): readonly string[] {
  return wrap(plainText(text), page.columns - indent - labelWidth);
}

function margin({ paint }: Page) {
  return { indent, width: labelWidth, mark: paint.dim };
}

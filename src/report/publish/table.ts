import type { PublishedImage, PublishOutcome, PublishResult } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import type { Tone } from '../groups.ts';
import { joined, labelledLines, type Page, pageOf } from '../page.ts';
import { describeSize, plainText, wrap } from '../text.ts';
import { describeAction, describeIndex, publishTotalsOf } from './sentences.ts';

const indent = 2;
const labelWidth = 10;
const digestShown = 'sha256:'.length + 12;
const listed = 5;

const tones: Readonly<Record<PublishOutcome, Tone>> = {
  published: 'good',
  unchanged: 'good',
  planned: 'quiet',
  refused: 'bad',
};
const auditTones: Readonly<Record<PublishedImage['audit']['state'], Tone>> = {
  passed: 'good',
  refused: 'bad',
  unknown: 'doubt',
  'not-audited': 'quiet',
};

/** What was published, for people: the index, its images with what the audit said, what else came along, the blobs. */
export function renderPublishTable(result: PublishResult, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  const { paint } = page;
  return joined([
    [
      `${paint.tone(tones[result.outcome], result.outcome)}  ${paint.bold(plainText(result.destination))}`,
      ...labelled('why', result.why, page),
      // Digests stay on one line, however long, so that they can be copied.
      ...line('index', `${plainText(result.index.digest)}  ${describeIndex(result)}`, page),
      ...(result.previous === undefined || result.outcome === 'unchanged'
        ? []
        : line('was', plainText(result.previous), page)),
      ...result.images.flatMap((image) => imageLines(image, page)),
      ...othersLines(result, page),
      ...referrerLines(result, page),
      ...omittedLines(result, page),
      ...blobLines(result, page),
    ],
    [paint.bold(publishTotalsOf(result))],
  ]);
}

function imageLines(
  { platform, digest, source, kept, audit }: PublishedImage,
  page: Page,
): readonly string[] {
  const from = kept ? 'kept' : `from ${plainText(source)}`;
  const said = wrap(`audit ${audit.state}: ${plainText(audit.why)}`, page.columns - indent - labelWidth);
  const tone = auditTones[audit.state];
  return labelledLines(
    'image',
    [
      `${page.paint.bold(plainText(platform))}  ${shortened(digest, page)}  ${from}`,
      ...said.map((text) => page.paint.tone(tone, text)),
    ],
    margin(page),
  );
}

function othersLines({ others }: PublishResult, page: Page): readonly string[] {
  return page.all || page.detail
    ? others.flatMap(({ kind, digest, of }) =>
        line(
          kind === 'attestation' ? 'attests' : 'artifact',
          `${shortened(digest, page)}${of === undefined ? '' : `  of ${shortened(of, page)}`}`,
          page,
        ),
      )
    : [];
}

function referrerLines({ referrers }: PublishResult, page: Page): readonly string[] {
  const shown = page.all || page.detail ? referrers : referrers.slice(0, listed);
  const lines = shown.map(
    ({ digest, subject, artifactType }) =>
      `${shortened(digest, page)}  of ${shortened(subject, page)}${artifactType === undefined ? '' : `  ${plainText(artifactType)}`}`,
  );
  const rest = referrers.length - shown.length;
  return labelledLines('referrer', rest > 0 ? [...lines, `and ${rest} more`] : lines, margin(page));
}

function omittedLines({ omitted }: PublishResult, page: Page): readonly string[] {
  return omitted.flatMap(({ digest, platform, source, why }) =>
    line(
      'left out',
      [
        ...(platform === undefined ? [] : [plainText(platform)]),
        shortened(digest, page),
        `of ${plainText(source)}: ${plainText(why)}`,
      ].join('  '),
      page,
    ),
  );
}

function blobLines(result: PublishResult, page: Page): readonly string[] {
  if (!page.all && !page.detail) return [];
  const lines = result.blobs.map(
    ({ digest, size, action }) =>
      `${shortened(digest, page)}  ${describeAction(action, result)} (${describeSize(size)})`,
  );
  return labelledLines('blob', lines, margin(page));
}

function shortened(digest: string, page: Page): string {
  const text = plainText(digest);
  return page.detail ? text : text.slice(0, digestShown);
}

function labelled(label: string, text: string, page: Page): readonly string[] {
  return labelledLines(label, wrap(plainText(text), page.columns - indent - labelWidth), margin(page));
}

function line(label: string, text: string, page: Page): readonly string[] {
  return labelledLines(label, [text], margin(page));
}

function margin({ paint }: Page) {
  return { indent, width: labelWidth, mark: paint.dim };
}

import type {
  BaseResult,
  ImageAudit,
  PortLayer,
  PortOutcome,
  PortRefusal,
  PortResult,
} from '../../results/index.ts';
import { groupFindings } from '../audit/finding-groups.ts';
import { entryLines, groupLines, runLines } from '../audit/table.ts';
import { toneOfVerdict } from '../audit/verdicts.ts';
import type { Drawing } from '../format.ts';
import type { Tone } from '../groups.ts';
import { joined, type Page, pageOf } from '../page.ts';
import { describeBlobs, describeIndex } from '../publish/sentences.ts';
import { count, describeSize, plainText } from '../text.ts';
import { chooseFindings } from './findings.ts';
import { facts, labelled } from './lines.ts';
import { changeLines, materialLines } from './list-lines.ts';
import { refusalLines } from './refusal-lines.ts';
import {
  describeBase,
  describeBaseFacts,
  describeDecision,
  describeDifference,
  describeDigest,
  describeParity,
  describePaths,
  describeTitle,
  nextStepOf,
  notableConfig,
  portTotalsOf,
} from './sentences.ts';

const listed = 5;

const tones: Readonly<Record<PortOutcome, Tone>> = {
  published: 'good',
  unchanged: 'good',
  planned: 'quiet',
  refused: 'bad',
  unknown: 'doubt',
  unneeded: 'good',
};

/** A port for people: what became of it, of what it's made, what is refused, what proves it, and what to do next. */
export function renderPortTable(result: PortResult, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  const { paint } = page;
  return joined([
    [
      [
        paint.tone(tones[result.outcome], result.outcome),
        paint.bold(describeTitle(result)),
        paint.dim(plainText(result.platform)),
      ].join('  '),
      ...labelled('why', [result.why], page),
      ...facts('source', [describeSource(result, page)], page),
      ...(result.base === undefined ? [] : baseLines(result.base, page)),
      ...facts(
        'layer',
        result.layers.map((layer) => describeLayer(layer, page)),
        page,
      ),
      ...labelled('account', [describePaths(result)], page),
      ...changeLines(result, page),
      ...materialLines(result.materials, page),
      ...configLines(result, page),
      ...labelled('note', result.notes, page),
      ...waiverLines(result, page),
      ...refusalLines(result.refusals, page),
      ...(result.audit === undefined ? [] : auditLines(result.audit, result.refusals, page)),
      ...facts('attached', attachments(result, page), page),
      ...publishLines(result, page),
    ],
    [paint.bold(portTotalsOf(result)), nextStepOf(result)],
  ]);
}

function describeSource({ source }: PortResult, page: Page): string {
  return [
    plainText(source.reference),
    plainText(source.platform),
    ...(source.digest === undefined ? [] : [describeDigest(source.digest, page.detail)]),
  ].join('  ');
}

function baseLines(base: BaseResult, page: Page): readonly string[] {
  const { parity } = base;
  return [
    ...(base.state === 'found' ? facts : labelled)('base', [describeBase(base)], page),
    ...labelled('', [describeBaseFacts(base, page.detail), page.detail ? base.why : ''], page),
    ...(parity === undefined ? [] : parityLines(parity, page)),
    ...(page.detail ? labelled('tried', base.candidates.map(describeCandidate), page) : []),
    // With a base there is nothing more to try.
    ...(base.state === 'found' ? [] : labelled('try', base.proposals.map(describeProposal), page)),
  ];
}

function parityLines(parity: NonNullable<BaseResult['parity']>, page: Page): readonly string[] {
  const { differences, uncompared } = parity;
  const shown = page.all || page.detail ? differences : [];
  const hidden = differences.length - shown.length;
  return [
    ...labelled('', [describeParity(parity)], page, parity.acceptable ? undefined : 'doubt'),
    ...labelled('', shown.map(describeDifference), page),
    ...labelled(
      '',
      uncompared.map(({ what, why }) => `not compared: ${what}: ${why}`),
      page,
    ),
    ...(hidden > 0 ? labelled('', [`--all lists ${count(hidden, 'difference')}`], page) : []),
  ];
}

function describeCandidate({ reference, evidence, outcome, why }: BaseResult['candidates'][number]): string {
  return `${reference} (${evidence}) ${outcome}: ${why}`;
}

function describeProposal({ reference, why }: BaseResult['proposals'][number]): string {
  return `--base ${reference}: ${why}`;
}

/** Of the longer words: `rewritten`, `provenance`. */
const kindWidth = 10;

function describeLayer({ kind, digest, size, from, changes }: PortLayer, page: Page): string {
  return [
    kind.padEnd(kindWidth),
    describeDigest(digest, page.detail),
    describeSize(size),
    ...(kind === 'rewritten' && from !== undefined ? [`from ${describeDigest(from, page.detail)}`] : []),
    ...(changes === 0 ? [] : [`${count(changes, 'path')} changed`]),
  ].join('  ');
}

function configLines(result: PortResult, page: Page): readonly string[] {
  const isComplete = page.all || page.detail;
  const decisions = page.detail ? result.config : notableConfig(result);
  const shown = isComplete ? decisions : decisions.slice(0, listed);
  const rest = decisions.length - shown.length;
  const texts = shown.map(describeDecision);
  return labelled('config', rest > 0 ? [...texts, `and ${rest} more: --all lists them`] : texts, page);
}

function waiverLines({ waivers }: PortResult, page: Page): readonly string[] {
  return waivers.flatMap(({ path, reason, used }) =>
    labelled('waived', [`${path}: ${reason}${used ? '' : ' (needed for nothing)'}`], page, 'doubt'),
  );
}

function auditLines(audit: ImageAudit, refusals: readonly PortRefusal[], page: Page): readonly string[] {
  const verdict = audit.reason === undefined ? audit.verdict : `${audit.verdict} (${audit.reason})`;
  const { listed: findings, notes } = chooseFindings(audit, refusals, page.all || page.detail);
  const { findingsOmitted } = audit;
  return [
    ...labelled('audit', [`${verdict}: ${audit.why}`], page, toneOfVerdict(audit)),
    ...audit.entries.flatMap((entry) => entryLines(entry, page)),
    ...groupFindings(findings).flatMap((group) => groupLines(group, page)),
    ...(notes > 0 ? labelled('notes', [`${notes}: --all lists them`], page, 'quiet') : []),
    ...(findingsOmitted > 0
      ? labelled(
          'omitted',
          [`${count(findingsOmitted, 'finding')} more than a result can list`],
          page,
          'doubt',
        )
      : []),
    ...(audit.runs ?? []).flatMap((run) => runLines(run, page)),
  ];
}

function attachments({ attachments: all }: PortResult, page: Page): readonly string[] {
  return all.map(({ kind, digest, artifactType, signed }) =>
    [
      plainText(kind).padEnd(kindWidth),
      describeDigest(digest, page.detail),
      plainText(artifactType),
      ...(signed ? ['signed'] : []),
    ].join('  '),
  );
}

/** In short: `armload publish` has more to say of an index. */
function publishLines({ publish }: PortResult, page: Page): readonly string[] {
  if (publish === undefined) return [];
  const { index, previous, images, outcome } = publish;
  const blobs = describeBlobs(publish);
  return [
    // A digest stays on one line, however long, so that it can be copied.
    ...facts('index', [`${plainText(index.digest)}  ${describeIndex(publish)}`], page),
    ...facts(
      '',
      images.map(
        ({ platform, digest, kept, source }) =>
          `${plainText(platform)}  ${describeDigest(digest, page.detail)}  ${kept ? 'kept' : `from ${plainText(source)}`}`,
      ),
      page,
    ),
    ...facts('', blobs === '' ? [] : [blobs], page),
    ...(previous === undefined || outcome === 'unchanged' ? [] : facts('was', [plainText(previous)], page)),
    ...(outcome === 'refused' ? labelled('refused', [publish.why], page, 'bad') : []),
  ];
}

import {
  type AuditResult,
  type EntryResult,
  type Finding,
  type FindingLayer,
  type ImageAudit,
  type Label,
  type SmokeRun,
  severities,
} from '../../results/index.ts';
import { count, plainText, shorten } from '../text.ts';
import { type AuditFailOn, auditOutcomeOf } from './outcome.ts';
import { verdictsInOrder } from './verdicts.ts';

/** Lines that builders wrote into a history are long; the beginning says which one it is. */
const historyShown = 120;
const wordsShown = 160;
const digestShown = 'sha256:'.length + 12;

/** Do the index, the config and the bytes name different machines? Variants don't count: machine code has none. */
export function isContradictory({ index, config, bytes }: Label): boolean {
  const said = [index, config, bytes].filter((text) => text !== undefined).map(machineOf);
  return new Set(said).size > 1;
}

function machineOf(platform: string): string {
  return platform.split('/').slice(0, 2).join('/');
}

/** `index linux/arm64, config linux/arm64, bytes linux/amd64`. */
export function describeLabel({ index, config, bytes }: Label): string {
  const parts = [
    ...(index === undefined ? [] : [`index ${index}`]),
    config === undefined ? 'config empty' : `config ${config}`,
    bytes === undefined ? 'bytes unknown' : `bytes ${bytes}`,
  ];
  return plainText(parts.join(', '));
}

/** `machine code: 300 arm64, 12 amd64 files`, most first; empty where there is none. */
export function describeCode({ code }: Label): string {
  const counts = Object.entries(code).sort(([, left], [, right]) => right - left);
  if (counts.length === 0) return '';
  const listed = counts.map(([architecture, number]) => `${number} ${architecture}`).join(', ');
  return plainText(
    `machine code: ${listed} ${counts.length === 1 && counts[0]?.[1] === 1 ? 'file' : 'files'}`,
  );
}

/** `entrypoint nginx -g "daemon off;"`: words that are more than plain stand in JSON's quotes. */
export function describeEntry({ role, words }: EntryResult, detail: boolean): string {
  return `${role} ${describeWords(words, detail)}`.trim();
}

/** `/entrypoint.sh → /usr/bin/dash: linux/arm64`. */
export function describeChain({ chain, ends }: EntryResult): string {
  return plainText(chain.length === 0 ? ends : `${chain.join(' → ')}: ${ends}`);
}

/** `passed: nginx -v (docker, exit 0, 0.4 s)`. */
export function describeRun(run: SmokeRun, detail: boolean): string {
  const means = describeMeans(run);
  return `${run.result}: ${describeWords(run.command, detail)}${means === '' ? '' : ` (${means})`}`;
}

/** `docker, exit 0, 0.4 s`. */
export function describeMeans({ means, exitCode, seconds }: SmokeRun): string {
  return [
    ...(means === '' ? [] : [plainText(means)]),
    ...(exitCode === undefined ? [] : [`exit ${exitCode}`]),
    ...(seconds === undefined ? [] : [`${seconds.toFixed(1)} s`]),
  ].join(', ');
}

export function describeWords(words: readonly string[], detail: boolean): string {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)));
  const text = plainText(quoted.join(' '));
  return detail ? text : shorten(text, wordsShown);
}

/** `foreign-code, reachable`. */
export function describeKind({ kind, verdict }: Pick<Finding, 'kind' | 'verdict'>): string {
  return plainText(verdict === undefined ? kind : `${kind}, ${verdict}`);
}

/** `found an amd64 ELF program, expected arm64 machine code`. */
export function describeContrast({ found, expected }: Finding): string {
  return plainText(`found ${found}, expected ${expected}`);
}

/** `/usr/sbin/nginx (entrypoint)`; what has no path is about the image as a whole. */
export function describePath({ path, role }: Finding): string {
  const shown = path === undefined ? 'the image as a whole' : plainText(path);
  return role === undefined ? shown : `${shown} (${plainText(role)})`;
}

/** `layer 3, sha256:0123456789ab: COPY nginx /usr/sbin/`. */
export function describeLayer({ index, digest, history }: FindingLayer, detail: boolean): string {
  const shown = detail ? plainText(digest) : plainText(digest).slice(0, digestShown);
  const line = plainText(history ?? '').replace(/^\/bin\/sh -c (?:#\(nop\) +)?/, '');
  return `layer ${index}, ${shown}${line === '' ? '' : `: ${detail ? line : shorten(line, historyShown)}`}`;
}

/** `3 images: 1 right, 2 mislabelled · 4 errors, 1 note · exit 1: an image is not what its label says`. */
export function auditTotalsOf(result: AuditResult, failOn: readonly AuditFailOn[] | undefined): string {
  const { code, reason } = auditOutcomeOf(result, failOn);
  return [
    imageCounts(result.images),
    findingCounts(result),
    runCounts(result.images),
    `exit ${code}: ${reason}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** Good news first in a sum; the order of reading is worst first. */
const verdictsInSum = [...verdictsInOrder].sort((left, right) => rank(left) - rank(right));

function rank(verdict: string): number {
  return verdict === 'right' ? -1 : 0;
}

function imageCounts(images: readonly ImageAudit[]): string {
  const counts = tally(
    verdictsInSum,
    (verdict) => images.filter((image) => image.verdict === verdict).length,
  );
  return `${count(images.length, 'image')}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}`;
}

function findingCounts({ summary }: AuditResult): string {
  return severities
    .filter((severity) => summary.findings[severity] > 0)
    .map((severity) => count(summary.findings[severity], severity))
    .join(', ');
}

function runCounts(images: readonly ImageAudit[]): string {
  const runs = images.flatMap((image) => image.runs ?? []);
  if (runs.length === 0) return '';
  const results = ['passed', 'failed', 'emulator-fault', 'not-run'] as const;
  const counts = tally(results, (result) => runs.filter((run) => run.result === result).length);
  return `${count(runs.length, 'smoke run')}: ${counts.join(', ')}`;
}

function tally<Word extends string>(
  words: readonly Word[],
  numberOf: (word: Word) => number,
): readonly string[] {
  return words.flatMap((word) => {
    const number = numberOf(word);
    return number === 0 ? [] : [`${number} ${word}`];
  });
}

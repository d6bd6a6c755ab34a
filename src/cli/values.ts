import { UsageError } from '../core/index.ts';
import { formatPlatform, type Platform, parsePlatform } from '../oci/index.ts';
import { type FailOn, failOnWords, formats, type ReportFormat } from '../report/index.ts';
import { didYouMean, nearest } from './suggest.ts';

// What Go's GOOS and GOARCH know, which is what image platforms are written with (image-spec image-index.md).
const systems =
  'aix android darwin dragonfly freebsd illumos ios js linux netbsd openbsd plan9 solaris wasip1 windows'.split(
    ' ',
  );
// Between two that are as near to a typing error, the first is suggested.
const architectures =
  'arm64 amd64 386 arm loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm'.split(' ');

/**
 * Reads a target platform. A typing error here would turn every verdict wrong, so unknown names are refused.
 * @throws UsageError `USAGE`. `origin` names the option or the configuration's member.
 */
export function readPlatform(text: string, origin: string): Platform {
  const [first = '', second = ''] = text.split('/');
  if (systems.includes(second) && architectures.includes(first)) {
    throw badPlatform(text, origin, 'it is the wrong way round', `Did you mean "${second}/${first}"?`);
  }
  const platform = parsePlatform(text);
  if (platform === undefined) throw badPlatform(text, origin, 'it is not os/architecture[/variant]');
  const { os, architecture, variant } = platform;
  if (!systems.includes(os)) throw unknownPart(text, origin, ['operating system', os, systems]);
  if (!architectures.includes(architecture)) {
    throw unknownPart(text, origin, ['architecture', architecture, architectures]);
  }
  if (variant !== undefined && !/^v[0-9]{1,2}(?:\.[0-9]{1,2})?$/.test(variant)) {
    throw badPlatform(text, origin, `"${variant}" is not a variant such as v8`);
  }
  return platform;
}

function unknownPart(
  text: string,
  origin: string,
  [noun, part, known]: readonly [string, string, readonly string[]],
): UsageError {
  const meant = nearest(part, known);
  const suggestion = meant === undefined ? `Known are: ${known.join(', ')}.` : `Did you mean "${meant}"?`;
  return badPlatform(text, origin, `there is no ${noun} "${part}"`, suggestion);
}

function badPlatform(text: string, origin: string, problem: string, hint?: string): UsageError {
  const example = `Write it like ${formatPlatform({ os: 'linux', architecture: 'arm64' })}.`;
  return new UsageError('USAGE', `${origin} "${text}" is not a platform: ${problem}`, {
    hint: hint ?? example,
  });
}

/** @throws UsageError `USAGE` */
export function readFormat(text: string, origin: string): ReportFormat {
  const format = formats.find(({ name }) => name === text);
  return format ?? notAWord(text, origin, { noun: 'format', words: formats.map(({ name }) => name) });
}

/**
 * Reads `missing,pinned`; `none` means that nothing fails.
 * @throws UsageError `USAGE`
 */
export function readFailOn(texts: readonly string[], origin: string): readonly FailOn[] {
  const words = texts.flatMap((text) => text.split(',')).map((word) => word.trim());
  if (words.length === 1 && words[0] === 'none') return [];
  return words.map(
    (word) =>
      failOnWords.find((known) => known === word) ??
      notAWord(word, origin, { noun: 'state to fail on', words: [...failOnWords, 'none (alone)'] }),
  );
}

function notAWord(
  text: string,
  origin: string,
  { noun, words }: { readonly noun: string; readonly words: readonly string[] },
): never {
  throw new UsageError('USAGE', `${origin} "${text}" is not a ${noun}`, {
    hint: didYouMean(text, words) ?? `There are: ${words.join(', ')}.`,
  });
}

/**
 * Reads a whole number from `least` up to a million.
 * @throws UsageError `USAGE`
 */
export function readCount(text: string, origin: string, least = 1): number {
  const number = /^[0-9]{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= 1_000_000) return number;
  throw new UsageError('USAGE', `${origin} "${text}" is not a whole number from ${least} to 1000000`);
}

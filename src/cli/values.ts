import { didYouMean, nearestWord, UsageError } from '../core/index.ts';
import { formatPlatform, type Platform, parsePlatform } from '../oci/index.ts';
import { formats, type ReportFormat } from '../report/index.ts';

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
  const meant = nearestWord(part, known);
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
 * Reads `missing,pinned` by the words that a command knows; `none` means that nothing fails.
 * @throws UsageError `USAGE`
 */
export function readFailOn<Word extends string>(
  texts: readonly string[],
  origin: string,
  known: readonly Word[],
): readonly Word[] {
  const words = texts.flatMap((text) => text.split(',')).map((word) => word.trim());
  if (words.length === 1 && words[0] === 'none') return [];
  return words.map(
    (word) =>
      known.find((one) => one === word) ??
      notAWord(word, origin, { noun: 'word to fail on', words: [...known, 'none (alone)'] }),
  );
}

/**
 * Reads one of a few words.
 * @throws UsageError `USAGE`; `noun` is what the words are.
 */
export function readChoice<Word extends string>(
  text: string,
  origin: string,
  { noun, words }: { readonly noun: string; readonly words: readonly Word[] },
): Word {
  return words.find((word) => word === text) ?? notAWord(text, origin, { noun, words });
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

const sizeUnits: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['kb', 1000],
  ['mb', 1000 ** 2],
  ['gb', 1000 ** 3],
  ['tb', 1000 ** 4],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
  ['tib', 1024 ** 4],
]);

/**
 * Reads a number of bytes: `500MB`, `1.5 GiB`, `1000000`. A unit without its B is refused: people mean thousands or
 * 1024 by it.
 * @throws UsageError `USAGE`
 */
export function readSize(text: string, origin: string): number {
  const [, number = '', unit = ''] = /^([0-9]{1,15}(?:\.[0-9]{1,3})?) ?([A-Za-z]{0,3})$/.exec(text) ?? [];
  const factor = unit === '' ? 1 : sizeUnits.get(unit.toLowerCase());
  const bytes = number === '' || factor === undefined ? Number.NaN : Math.round(Number(number) * factor);
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError('USAGE', `${origin} "${text}" is not a size`, {
    hint: 'Write it like 500MB or 2GiB.',
  });
}

const ageUnits = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * Reads an age in milliseconds: `90m`, `12h`, `7d`, `2w`.
 * @throws UsageError `USAGE`
 */
export function readAge(text: string, origin: string): number {
  const [, number = '', unit = ''] = /^([1-9][0-9]{0,4})([mhdw])$/.exec(text) ?? [];
  if (number !== '') return Number(number) * ageUnits[unit as keyof typeof ageUnits];
  throw new UsageError('USAGE', `${origin} "${text}" is not an age`, {
    hint: 'Write it as a number and m, h, d or w, such as 7d.',
  });
}

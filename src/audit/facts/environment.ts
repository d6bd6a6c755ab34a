import { redact } from '../../core/index.ts';
import type { Finding } from '../../results/index.ts';
import { findingAt } from '../finding.ts';
import { runsNatively } from '../native.ts';
import type { FindingText } from '../types.ts';
import { architecturesIn, isForeignText, withoutArchitecture } from './machine-words.ts';
import { absolutePathsIn, counterpartOf, textAt } from './paths.ts';
import type { FactInput } from './types.ts';

const preload = 'LD_PRELOAD';

/** A setting that names files: a variable, or a file that says the same. */
interface Setting {
  /** As people know it: `LD_PRELOAD`, `/etc/ld.so.preload`. */
  readonly name: string;
  readonly value: string;
  readonly isPreload: boolean;
}

/** Variables of the image's config that name paths of another machine. */
export function environmentPaths(input: FactInput): readonly Finding[] {
  const settings = [...input.subject.run.environment].map(([name, value]) => settingOf(name, value));
  return settings.flatMap((setting) => textsOf(input, setting, 'warning'));
}

/** `/etc/ld.so.preload`, which counts for every program (ld.so(8), "FILES"). */
export function preloadFile(input: FactInput): readonly Finding[] {
  const file = textAt(input.subject.view, 'etc/ld.so.preload');
  if (file === undefined) return [];
  const value = file.text
    .split('\n')
    .map((line) => line.split('#', 1)[0])
    .join('\n');
  const setting = { name: '/etc/ld.so.preload', value, isPreload: true };
  return textsOf(input, setting, 'warning').map((text) => findingAt(input.subject, text, file.entry));
}

/** `/etc/environment`, which sessions with a login read (pam_env(8)). */
export function environmentFile(input: FactInput): readonly Finding[] {
  const file = textAt(input.subject.view, 'etc/environment');
  if (file === undefined) return [];
  return file.text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes('=') && !line.startsWith('#'))
    .map((line) => settingOf(nameIn(line), line.slice(line.indexOf('=') + 1)))
    .flatMap((setting) => textsOf(input, setting, 'note'))
    .map((text) => findingAt(input.subject, text, file.entry));
}

function nameIn(line: string): string {
  const name = line.slice(0, line.indexOf('=')).trim();
  return name.startsWith('export ') ? name.slice('export '.length).trim() : name;
}

function settingOf(name: string, value: string): Setting {
  return { name, value, isPreload: name === preload };
}

function textsOf(
  input: FactInput,
  setting: Setting,
  severity: FindingText['severity'],
): readonly FindingText[] {
  const paths = [...new Set(absolutePathsIn(setting.value))];
  // A list that names each machine's path works on both.
  const nativePaths = new Set(
    paths
      .filter((path) => !isForeignText(path, input.subject.platform) && architecturesIn(path).size > 0)
      .map(withoutArchitecture),
  );
  return paths
    .filter((path) => !nativePaths.has(withoutArchitecture(path)))
    .flatMap((path) => textOf(input, setting, path) ?? [])
    .map((text) => ({ ...text, severity }));
}

function textOf(
  { subject, stateOf }: FactInput,
  setting: Setting,
  path: string,
): Omit<FindingText, 'severity'> | undefined {
  const state = stateOf(path);
  const kind = 'foreign-path-in-environment';
  const named = `${setting.name} names ${redact(path)}`;
  if (state.kind === 'there' && setting.isPreload) {
    const facts = state.entry.entry.facts;
    if (facts?.kind !== 'elf') return undefined;
    const { architecture = 'unknown' } = facts.elf;
    if (runsNatively({ os: 'linux', architecture }, subject.platform)) return undefined;
    return {
      kind,
      found: `${named}, ${architecture} machine code`,
      expected: `${subject.platform.architecture} machine code`,
      why: skipped,
    };
  }
  if (state.kind !== 'missing' || !isForeignText(path, subject.platform)) return undefined;
  return {
    kind,
    found: `${named}, which is not there`,
    expected: counterpartOf(subject, path) ?? 'a path that is there',
    why: whyOf(setting),
  };
}

const skipped =
  'The loader skips it: the program starts without it, and only a line on standard error tells ("cannot be preloaded").';

function whyOf({ name, isPreload }: Setting): string {
  if (isPreload) return skipped;
  if (name.endsWith('PATH')) return 'What should be found there is passed over without a word.';
  return `Whatever reads ${name} finds nothing there.`;
}

import * as z from 'zod';
import { redact } from '../../../core/index.ts';
import { GoError } from './errors.ts';
import { type Environment, findProgram, type Run, type RunResult } from './run.ts';

export interface ToolchainParts {
  readonly run: Run;
  readonly environment: Environment;
  /** The name of the go command on PATH, or its absolute path. */
  readonly program: string;
  /** Without a module in or above it. */
  readonly folder: string;
  /** For caches where the person's own can't be told. */
  readonly cache: string;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** The go command of this machine. */
export interface Toolchain {
  readonly program: string;
  /** Where modules come from and are kept, as the person has it configured. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * The environment in which this very version of Go builds. All settings that a build depends on are its own.
   * @throws GoError `GO_TOOLCHAIN`, `GO_UNREACHABLE`, `GO_TIME`; the signal's reason.
   */
  environmentFor(version: string): Promise<Readonly<Record<string, string>>>;
}

/** What decides where modules come from, and where they're kept. */
const ownSettings = [
  ...['GOPROXY', 'GONOPROXY', 'GOPRIVATE', 'GONOSUMDB', 'GOSUMDB', 'GOINSECURE', 'GOVCS', 'GOAUTH'],
  ...['GOMODCACHE', 'GOCACHE'],
];
const answerSchema = z.record(z.string(), z.string());

/** @throws GoError `GO_MISSING`, `GO_UNREACHABLE`, `GO_TIME`; the signal's reason. */
export async function openToolchain(parts: ToolchainParts): Promise<Toolchain> {
  const { environment, folder, cache, timeoutSeconds, signal, run } = parts;
  const program = findProgram(environment, parts.program);
  if (program === undefined)
    throw new GoError('GO_MISSING', `this machine has no ${parts.program} that could build it`);
  const call = { folder, timeoutSeconds, signal };
  const told = await run(program, ['env', '-json', ...ownSettings, 'GOTOOLCHAIN'], { ...call, environment });
  const known = settingsIn(told);
  const settings = {
    ...Object.fromEntries(ownSettings.flatMap((name) => (known[name] ? [[name, known[name]]] : []))),
    GOMODCACHE: folderOr(known['GOMODCACHE'], `${cache}/modules`),
    GOCACHE: folderOr(known['GOCACHE'], `${cache}/builds`),
  };
  const clean = { ...withoutGo(environment), ...settings, GOENV: 'off', GO111MODULE: 'on' };
  const chosen = new Map<string, Promise<Readonly<Record<string, string>>>>();
  const choose = async (version: string): Promise<Readonly<Record<string, string>>> => {
    const choice = known['GOTOOLCHAIN'] ?? '';
    let last: RunResult | undefined;
    for (const GOTOOLCHAIN of choicesFor(version, choice)) {
      const wanted = { ...clean, GOTOOLCHAIN };
      last = await run(program, ['version'], { ...call, environment: wanted });
      if (versionIn(last) === version) return wanted;
    }
    throw toolchainError(version, choice, last);
  };
  return {
    program,
    settings,
    environmentFor: (version) => {
      const before = chosen.get(version) ?? choose(version);
      chosen.set(version, before);
      return before;
    },
  };
}

function settingsIn(told: RunResult): Readonly<Record<string, string>> {
  if (told.ended === 'time') throw new GoError('GO_TIME', 'go env did not answer in time');
  try {
    if (told.ended !== 'exit' || told.code !== 0) throw new Error(told.stderr);
    return answerSchema.parse(JSON.parse(told.stdout));
  } catch (cause) {
    const said = lastWords(told.stderr);
    throw new GoError('GO_UNREACHABLE', `the go command of this machine does not say how it's set${said}`, {
      cause,
    });
  }
}

/** The machine's own one first: it's there. A person who wants no other gets no other. */
function choicesFor(version: string, choice: string): readonly string[] {
  if (/^local(?:$|\+)/.test(choice)) return ['local'];
  return ['local', choice === 'path' || choice.endsWith('+path') ? `${version}+path` : version];
}

function versionIn({ ended, code, stdout }: RunResult): string | undefined {
  return ended === 'exit' && code === 0 ? /^go version (go\S+)/.exec(stdout)?.[1] : undefined;
}

function toolchainError(version: string, choice: string, last: RunResult | undefined): GoError {
  if (last?.ended === 'time') return new GoError('GO_TIME', `${version} was not to be had in time`);
  const other = last === undefined ? undefined : versionIn(last);
  if (/^local(?:$|\+)/.test(choice) && other !== undefined)
    return new GoError(
      'GO_TOOLCHAIN',
      `it was built by ${version}, and this machine has ${other} and takes no other (GOTOOLCHAIN=${choice})`,
    );
  const said = other === undefined ? lastWords(last?.stderr ?? '') : `: go gives ${other}`;
  return new GoError('GO_TOOLCHAIN', `it was built by ${version}, which can't be had${said}`);
}

function folderOr(folder: string | undefined, other: string): string {
  return folder?.startsWith('/') === true ? folder : other;
}

/** All that would change what is built, and which repository git looks at. */
function withoutGo(environment: Environment): Record<string, string> {
  const foreign = /^(?:GO|CGO_|CC$|CXX$|GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|NAMESPACE)$)/;
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || (foreign.test(name) && name !== 'GOOGLE_APPLICATION_CREDENTIALS')
        ? []
        : [[name, value]],
    ),
  );
}

const maxWords = 400;
/** Of no interest; and the assembler's, which quotes any file that a source includes, also one of this machine. */
const unsaid = /^go: downloading |^asm: |\.[sS]:\d+/;

/** The end of what a program wrote, as a sentence's end: one line, without secrets. */
export function lastWords(text: string): string {
  const lines = redact(text)
    .split('\n')
    .map((line) => line.replace(/\p{Cc}+/gu, ' ').trim())
    .filter((line) => line !== '' && !unsaid.test(line));
  const said = lines.slice(-3).join('; ');
  return said === '' ? '' : `: ${said.length > maxWords ? `${said.slice(0, maxWords)}…` : said}`;
}

import { unquote } from './words.ts';

export interface GoModule {
  readonly path: string;
  readonly version: string;
  /** `h1:…`; absent for what is no module of a cache. */
  readonly sum?: string;
}

export interface GoDependency extends GoModule {
  /** What is used instead of it. Without a version it is a folder. */
  readonly replacedBy?: GoModule;
}

/** What a Go program says of how it was built (Go's `runtime/debug`, `BuildInfo`). */
export interface BuildInfo {
  /** Of `main`. */
  readonly package: string;
  readonly module: GoModule;
  readonly dependencies: readonly GoDependency[];
  /** In their order. */
  readonly settings: ReadonlyMap<string, string>;
}

const maxLines = 20_000;

/**
 * Reads the module information. Nothing is left out: a line of an unknown kind is a reason not to know how it was built.
 * A string says what is wrong.
 */
export function parseBuildInfo(text: string): BuildInfo | string {
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.length > maxLines) return `it has more than ${maxLines} lines`;
  const reading = new Reading();
  for (const line of lines) {
    const problem = reading.add(line);
    if (problem !== undefined) return problem;
  }
  return reading.result();
}

class Reading {
  #package = '';
  #module: GoModule | undefined;
  readonly #dependencies: GoDependency[] = [];
  readonly #settings = new Map<string, string>();
  #isReplaceable = false;

  /** A sentence where the line can't be taken. */
  add(line: string): string | undefined {
    const tab = line.indexOf('\t');
    const [kind, rest] = tab < 0 ? [line, ''] : [line.slice(0, tab), line.slice(tab + 1)];
    switch (kind) {
      case 'path':
        if (this.#package !== '') return 'it names two packages';
        this.#package = rest;
        return undefined;
      case 'mod':
        if (this.#module !== undefined) return 'it names two main modules';
        this.#module = moduleOf(rest);
        this.#isReplaceable = false;
        return undefined;
      case 'dep':
        this.#dependencies.push(moduleOf(rest));
        this.#isReplaceable = true;
        return undefined;
      case '=>':
        return this.#replace(rest);
      case 'build':
        return this.#addSetting(rest);
      default:
        return `the line "${kind.slice(0, 40)}" is of an unknown kind`;
    }
  }

  result(): BuildInfo | string {
    if (this.#package === '') return 'it names no package';
    if (this.#package === 'command-line-arguments')
      return 'it was built from files that were named one by one ("path command-line-arguments"), not from a package';
    if (this.#module === undefined) return 'the line "mod" is missing: the program names no module';
    return {
      ...{ package: this.#package, module: this.#module },
      ...{ dependencies: this.#dependencies, settings: this.#settings },
    };
  }

  #replace(rest: string): string | undefined {
    const replaced = this.#isReplaceable ? this.#dependencies.pop() : undefined;
    if (replaced === undefined) return 'the main module itself is replaced (=>)';
    this.#isReplaceable = false;
    this.#dependencies.push({ path: replaced.path, version: replaced.version, replacedBy: moduleOf(rest) });
    return undefined;
  }

  #addSetting(rest: string): string | undefined {
    const quoted = /^("(?:[^"\\]|\\.)*"|`[^`]*`)=/.exec(rest)?.[1];
    const end = quoted === undefined ? rest.indexOf('=') : quoted.length;
    const [key, value] = [unquote(rest.slice(0, Math.max(0, end))), unquote(rest.slice(end + 1))];
    if (end <= 0 || key === undefined || value === undefined) return 'a line "build" can\'t be read';
    if (this.#settings.has(key)) return `the line "build ${key}" is there twice`;
    this.#settings.set(key, value);
    return undefined;
  }
}

function moduleOf(rest: string): GoModule {
  const [path = '', version = '', sum = ''] = rest.split('\t');
  return { path, version, ...(sum === '' ? {} : { sum }) };
}

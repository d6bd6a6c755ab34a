import { ArHandler } from './archive/ar-handler.ts';
import { GzipHandler } from './archive/gzip-handler.ts';
import { TarHandler } from './archive/tar-handler.ts';
import { ZipHandler } from './archive/zip-handler.ts';
import { asBuffer, type View } from './bytes.ts';
import { type Detected, detect } from './detect.ts';
import { ElfHandler } from './elf/elf-handler.ts';
import type { FileContent, FileFacts, NestedFile, Problem, ScriptFacts } from './facts.ts';
import type { Child, Context, Handler } from './handler.ts';
import { type Allowance, Budget, defaultLimits, type Limits } from './limits.ts';
import { holdsMachineCode } from './machine-code.ts';
import { readMachO } from './macho.ts';
import { mentionsIn } from './mentions.ts';
import { readPe } from './pe.ts';
import { KeptHandler, mayHoldMore, PlainHandler } from './plain-handler.ts';
import { Problems } from './problems.ts';
import type { Scratch } from './scratch.ts';
import { readShebang } from './script.ts';
import { readAot, readWasm } from './wasm.ts';

const headBytes = 1_024;
const maxNested = 1_000;
const maxPath = 4_096;

/** Looks at one file while its content streams by. */
export interface Inspector {
  /** The chunk may be reused by the caller afterwards. */
  write(chunk: Uint8Array): void;
  /** To be called once, after the last byte. */
  finish(): FileFacts;
}

export interface InspectOptions extends Partial<Limits> {
  /** Where the file is kept while it's looked at. Two files must not use it at a time. */
  readonly scratch?: Scratch;
  readonly allowance?: Allowance;
}

/**
 * Begins to inspect a file. Whatever the bytes are, nothing is thrown, and memory and work stay within `limits`; what could
 * not be read is said in the facts. `size` is the number of bytes to come; more or fewer are taken as they are.
 */
export function inspectFile(
  hint: { readonly path: string; readonly size: number },
  options: InspectOptions = {},
): Inspector {
  return new FileInspector({ ...hint, depth: 0, budget: budgetOf(options), isWhole: false });
}

/** Inspects a file that is in memory. */
export function inspectBytes(path: string, bytes: Uint8Array, options: InspectOptions = {}): FileFacts {
  const place = { path, size: bytes.length, depth: 0, budget: budgetOf(options), isWhole: true };
  const inspector = new FileInspector(place);
  inspector.write(bytes);
  return inspector.finish();
}

function budgetOf({ scratch, allowance, ...limits }: InspectOptions): Budget {
  scratch?.reset();
  return new Budget({ ...defaultLimits, ...limits }, scratch, allowance);
}

interface Place {
  readonly path: string;
  readonly size: number | undefined;
  readonly depth: number;
  readonly budget: Budget;
  /** The first bytes written are all there are. */
  readonly isWhole: boolean;
}

class FileInspector implements Inspector {
  readonly #place: Place;
  readonly #nested: NestedFile[] = [];
  #nestedOmitted = 0;
  #problems: Problems | undefined;
  #head: Buffer | undefined;
  #handler: Handler | undefined;
  #content: FileContent | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** True when the content is known and no handler wants more. */
  get settled(): boolean {
    return this.#content !== undefined;
  }

  write(chunk: Uint8Array): void {
    if (this.#content !== undefined || chunk.length === 0) return;
    if (this.#handler !== undefined) {
      this.#handler.write(asBuffer(chunk));
      return;
    }
    const bytes = this.#head === undefined ? asBuffer(chunk) : Buffer.concat([this.#head, chunk]);
    if (bytes.length >= headBytes || bytes.length === this.#place.size) this.#begin(bytes);
    else this.#head = Buffer.from(bytes);
  }

  finish(): FileFacts {
    if (this.#content === undefined && this.#handler === undefined)
      this.#begin(this.#head ?? Buffer.alloc(0));
    const content = this.#content ?? this.#handler?.finish() ?? { kind: 'data' };
    this.#handler = undefined;
    this.#head = undefined;
    return {
      ...content,
      ...(this.#nested.length === 0 ? {} : { nested: this.#nested }),
      ...(this.#nestedOmitted === 0 ? {} : { nestedOmitted: this.#nestedOmitted }),
      ...this.#problems?.facts(),
    };
  }

  #begin(bytes: Buffer): void {
    this.#head = undefined;
    const begun = this.#choose(detect(bytes), bytes);
    if ('kind' in begun) {
      this.#content = begun;
      return;
    }
    this.#handler = begun;
    begun.write(bytes);
  }

  #choose(detected: Detected, head: Buffer): Handler | FileContent {
    if (typeof detected !== 'string') return this.#unopened(detected);
    if (detected === 'text' || detected === 'data') return this.#plain(detected, head);
    const context = this.#context();
    switch (detected) {
      case 'elf':
        return new ElfHandler(context);
      case 'pe':
        return new KeptHandler(context, (view) => {
          const found = readPe(view);
          if (found === 'none') return { kind: 'data' };
          if (found.problem !== undefined) context.problems.adopt(found.problem);
          return { kind: 'pe', pe: found.pe };
        });
      case 'wasm':
        return new KeptHandler(context, (view) => {
          const { wasm, problem } = readWasm(view);
          if (problem !== undefined) context.problems.adopt(problem);
          return { kind: 'wasm', wasm };
        });
      case 'script': {
        const script = readShebang(head);
        if (script === undefined) return new KeptHandler(context, () => ({ kind: 'text' }));
        return new KeptHandler(context, (view) => this.#script(script, view));
      }
      case 'zip':
      case 'gzip':
      case 'ar':
      case 'tar':
        return this.#archive(detected, context);
      case 'macho': {
        const macho = readMachO(head);
        return macho === undefined ? { kind: 'data' } : { kind: 'macho', macho };
      }
      case 'wasm-aot':
        return { kind: 'wasm', wasm: readAot(head) };
      case 'empty':
      case 'java-class':
      case 'bitcode':
        return { kind: detected };
    }
  }

  /** Of scripts in archives nothing is kept. */
  #script(script: ScriptFacts, view: View): FileContent {
    const { depth, budget } = this.#place;
    const mentions = depth > 0 ? [] : mentionsIn(view).filter(({ text }) => budget.countText(text.length));
    return { kind: 'script', script: mentions.length === 0 ? script : { ...script, mentions } };
  }

  /** Inside archives only whole files count; what's packed twice is looked at no further. */
  #plain(kind: 'text' | 'data', head: Buffer): Handler | FileContent {
    const { depth, isWhole } = this.#place;
    if (depth > 0 || (isWhole && !mayHoldMore(head))) return { kind };
    return new PlainHandler(this.#context(), { kind });
  }

  #archive(format: 'zip' | 'gzip' | 'ar' | 'tar', context: Context): Handler | FileContent {
    const { depth, budget } = this.#place;
    if (depth >= budget.limits.depth) {
      context.problems.add(
        'limit',
        format,
        `archives are nested more than ${budget.limits.depth} deep: not opened`,
      );
      return { kind: 'unopened', format };
    }
    if (format === 'zip') return new ZipHandler(context);
    if (format === 'gzip') return new GzipHandler(context);
    return format === 'ar' ? new ArHandler(context) : new TarHandler(context);
  }

  #unopened({ format, mayHoldCode }: Exclude<Detected, string>): FileContent {
    if (mayHoldCode)
      this.#problemsList().add('unsupported', format, `${format} is not opened: what is inside is unknown`);
    return { kind: 'unopened', format };
  }

  #problemsList(): Problems {
    this.#problems ??= new Problems();
    return this.#problems;
  }

  #context(): Context {
    const { path, size, budget } = this.#place;
    return {
      path,
      size,
      budget,
      problems: this.#problemsList(),
      open: (name, innerSize) => this.#open(name, innerSize),
      problemInside: (name, problem) => this.#adoptProblem(name, problem),
    };
  }

  #open(name: string, size: number | undefined): Child | undefined {
    const { depth, budget } = this.#place;
    if (!budget.countEntry()) {
      this.#problemsList().add(
        'limit',
        'entries',
        `more than ${budget.limits.entries} entries: the rest was not read`,
      );
      return undefined;
    }
    const inspector = new FileInspector({ path: name, size, depth: depth + 1, budget, isWhole: false });
    return {
      write: (chunk) => inspector.write(chunk),
      get done() {
        return inspector.settled;
      },
      finish: () => this.#adopt(name, inspector.finish()),
    };
  }

  #adopt(name: string, facts: FileFacts): void {
    const { nested, nestedOmitted, problems, problemsOmitted, ...own } = facts;
    if (holdsMachineCode(own)) this.#keep({ path: shorten(name), facts: own });
    for (const inner of nested ?? []) this.#keep({ path: join(name, inner.path), facts: inner.facts });
    this.#nestedOmitted += nestedOmitted ?? 0;
    for (const problem of problems ?? []) this.#adoptProblem(name, problem);
    if (problemsOmitted !== undefined) this.#problemsList().omit(problemsOmitted);
  }

  #keep(file: NestedFile): void {
    if (this.#nested.length < maxNested) this.#nested.push(file);
    else this.#nestedOmitted += 1;
  }

  #adoptProblem(name: string, problem: Problem): void {
    const path = problem.path === undefined ? shorten(name) : join(name, problem.path);
    this.#problemsList().adopt({ ...problem, path });
  }
}

function join(outer: string, inner: string): string {
  return shorten(`${outer}!/${inner}`);
}

function shorten(path: string): string {
  return path.length <= maxPath ? path : `${path.slice(0, maxPath)}…`;
}

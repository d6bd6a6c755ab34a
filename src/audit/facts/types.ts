import type { ElfFacts, ScriptFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { Finding } from '../../results/index.ts';
import type { Subject } from '../types.ts';
import type { PathState } from './paths.ts';

/** What a file is to what the image starts; absent for files that it doesn't start. */
interface Used {
  readonly role?: string;
}

/** A program or library that hosts of the platform can run. */
export interface NativeFile extends Used {
  readonly file: ViewEntry;
  readonly elf: ElfFacts;
}

export interface Script extends Used {
  readonly file: ViewEntry;
  readonly mentions: NonNullable<ScriptFacts['mentions']>;
}

/** What every fact is read from. */
export interface FactInput {
  readonly subject: Subject;
  /** What the image starts first; a file once, however many names it has. */
  readonly natives: readonly NativeFile[];
  /** Scripts that name paths or downloads of x86 machines, in the same order. */
  readonly scripts: readonly Script[];
  /** Names of libraries that what the image starts needs and the loader finds nowhere. */
  readonly missingLibraries: readonly string[];
  /** What is at an absolute path. */
  readonly stateOf: (path: string) => PathState;
}

/** One thing a label hides. */
export type HostFact = (input: FactInput) => readonly Finding[];

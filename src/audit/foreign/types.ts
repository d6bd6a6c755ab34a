import type { FileFacts, MachineCode } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { Platform } from '../../oci/index.ts';
import type { ForeignCode } from '../types.ts';
import type { PathWords } from './platform-words.ts';

/** One file with machine code that the platform can't run, at one of its paths. */
export interface ForeignFile {
  readonly entry: ViewEntry;
  /** Inside an archive; empty for the file itself. */
  readonly innerPath: string;
  readonly facts: FileFacts;
  /** The piece of code that says most; at an offset other than 0 where the file itself is no foreign code. */
  readonly code: MachineCode;
  /** Its processor, as the file's format names it; `unknown` where it has no name. */
  readonly machine: string;
  /** Of the path, the inner one included. */
  readonly words: PathWords;
}

/** The last part of its path. */
export function nameOf({ words }: ForeignFile): string {
  return words.components.at(-1) ?? '';
}

export type Judgement = Pick<ForeignCode, 'verdict' | 'role' | 'because'>;

/** Answers for the files it knows; `undefined` leaves the answer to the next one. */
export type Rule = (file: ForeignFile, image: ImageKnowledge) => Judgement | undefined;

/** How a name on the PATH leads to a file. */
export interface PathProgram {
  /** What is typed. */
  readonly command: string;
  /** Where it is found, links not followed; absolute. */
  readonly foundAt: string;
  /** A native program that is found before it, or that stands for it on this platform; absolute. */
  readonly before?: string;
}

/** What the rules ask of the image. */
export interface ImageKnowledge {
  readonly platform: Platform;
  /** By the path that a container starts, or that a loader takes. */
  readonly uses: ReadonlyMap<string, Judgement>;
  /** The names on the PATH that lead to a path. */
  readonly programs: ReadonlyMap<string, readonly PathProgram[]>;
  /** Of libraries that native files need by name, and that no native file has: the name and who needs it, by path. */
  readonly needed: ReadonlyMap<string, { readonly name: string; readonly by: string }>;
  /** Of the C library and its loader in the system's directories. */
  readonly userland: 'native' | 'foreign' | 'none';
  /** The path of a native file that stands for this one on the platform. */
  twinOf(file: ForeignFile): string | undefined;
}

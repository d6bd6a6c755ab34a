import type { FileFacts, MachineCode } from '../../binary/index.ts';
import type { MergedView, ViewEntry } from '../../layer/index.ts';
import type { Platform } from '../../oci/index.ts';
import { wordsOf } from './platform-words.ts';
import { systemOf } from './rules/other-system.ts';
import { surveyOf } from './survey.ts';
import { namingPath, twinsAmong } from './twins.ts';

/** A file with machine code that a platform can't run, at one of its paths. */
export interface LoneCode {
  readonly entry: ViewEntry;
  /** Inside an archive; empty for the file itself. */
  readonly innerPath: string;
  readonly facts: FileFacts;
  readonly code: MachineCode;
}

/**
 * The files with code for the platform's system and another machine that no native file of the image stands for by its name,
 * each at every path it has. Whether they are used is not asked.
 */
export function codeWithoutTwin(view: MergedView, platform: Platform): readonly LoneCode[] {
  const { foreign, native } = surveyOf({ view, platform });
  if (foreign.length === 0) return [];
  const twinOf = twinsAmong(native, platform);
  return foreign.flatMap(({ paths, ...found }) =>
    paths
      .filter((entry) => {
        const words = wordsOf(namingPath(entry, found.innerPath));
        const file = { ...found, entry, words };
        return systemOf(file) === platform.os && twinOf(file) === undefined;
      })
      .map((entry) => ({ entry, innerPath: found.innerPath, facts: found.facts, code: found.code })),
  );
}

import type { Loader } from '../loader/index.ts';
import type { EntryTrace, ForeignCode, Subject } from '../types.ts';
import { neededAmong } from './needs.ts';
import { wordsOf } from './platform-words.ts';
import { programsOn } from './programs.ts';
import { elsewhere } from './rules/elsewhere.ts';
import { rules } from './rules/index.ts';
import { type FoundForeign, surveyOf } from './survey.ts';
import { namingPath, twinsAmong } from './twins.ts';
import type { ForeignFile, ImageKnowledge, Judgement } from './types.ts';
import { userlandOf } from './userland.ts';
import { usesOf } from './uses.ts';

/** Worst first. */
const verdicts: readonly ForeignCode['verdict'][] = ['reachable', 'unknown', 'shadowed', 'inert'];

/**
 * Judges every file with machine code that the platform can't run: each once, whatever number of paths and pieces of code
 * it has. Of several paths the one that makes it worst is given. In the order of the view.
 */
export function judgeForeign(
  subject: Subject,
  { traces, loader }: { readonly traces: readonly EntryTrace[]; readonly loader: Loader },
): readonly ForeignCode[] {
  const survey = surveyOf(subject);
  if (survey.foreign.length === 0) return [];
  const foreign = survey.foreignEntries;
  const programs = programsOn(subject, foreign);
  const image: ImageKnowledge = {
    platform: subject.platform,
    programs: programs.foreign,
    uses: usesOf({ traces, loader, foreign, programs: programs.native }),
    needed: neededAmong(survey, subject.view),
    userland: userlandOf(survey),
    twinOf: twinsAmong(survey.native, subject.platform),
  };
  return survey.foreign.map((found) => judgeFile(found, image));
}

function judgeFile({ paths, ...found }: FoundForeign, image: ImageKnowledge): ForeignCode {
  const { innerPath, code } = found;
  const judged = paths.map((entry) => {
    const file: ForeignFile = { ...found, entry, words: wordsOf(namingPath(entry, innerPath)) };
    return { entry, judgement: judgementOf(file, image) };
  });
  const worst = judged.reduce((left, right) => (rank(right.judgement) < rank(left.judgement) ? right : left));
  const { os, architecture } = code;
  return { entry: worst.entry, innerPath, os, architecture, ...worst.judgement };
}

function judgementOf(file: ForeignFile, image: ImageKnowledge): Judgement {
  for (const rule of rules) {
    const judgement = rule(file, image);
    if (judgement !== undefined) return judgement;
  }
  return elsewhere(file, image);
}

function rank({ verdict }: Judgement): number {
  return verdicts.indexOf(verdict);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildResult } from '../../results/index.ts';
import { type JournalFile, type OpenJournalFile, openJournalFile } from './journal/journal.ts';
import { readJournal } from './journal/read-journal.ts';
import { recipe, type World } from './run.test-support.ts';
import { runIds } from './store/run-folder.ts';

/** When, around the write of a record, something happens to who writes. */
export type Moment = 'before' | 'torn' | 'after';

/** Calls `strike` at one moment of the `at`th write to the journal, from 1. */
export function strikingJournal(
  { at, moment }: { readonly at: number; readonly moment: Moment },
  strike: () => Promise<never>,
): OpenJournalFile {
  let appends = 0;
  return async (path): Promise<JournalFile> => {
    const real = await openJournalFile(path);
    return {
      ...real,
      append: async (bytes) => {
        appends += 1;
        if (appends !== at) return real.append(bytes);
        if (moment === 'torn') await real.append(bytes.subarray(0, bytes.length / 2));
        if (moment === 'after') await real.append(bytes);
        await strike();
      },
    };
  };
}

/** Each step writes down that it was begun, so that one can see how often it was. */
export function countedRecipe({ folder }: World): string {
  const effects = join(folder, 'effects');
  return recipe(`
  number:
    run: |
      echo number >> '${effects}'
      echo it=7 >> "$ARMLOAD_VALUES"
    outputs: { values: [it] }
  each:
    foreach: { part: [a, b] }
    run: |
      echo "each $PART" >> '${effects}'
      echo "$PART" >> parts
    environment: { PART: '\${{ foreach.part }}' }
  whole:
    run: |
      echo whole >> '${effects}'
      sleep 0.1
      { cat parts; echo "$IT"; } > whole
    environment: { IT: '\${{ steps.number.values.it }}' }
    outputs: { files: { whole: { path: whole } } }`);
}

export const countedEffects = ['number', 'each a', 'each b', 'whole'];

/** What a run of the counted recipe has to come to, whatever became of it on its way. */
export async function outcomeOf(world: World, result: BuildResult): Promise<unknown> {
  const whole = result.steps.find(({ id }) => id === 'whole')?.files['whole']?.kept;
  const effects = await readFile(join(world.folder, 'effects'), 'utf8');
  return {
    state: result.state,
    whole: whole === undefined ? undefined : await readFile(whole, 'utf8'),
    effects: effects.trim().split('\n'),
  };
}

export const rightOutcome = { state: 'done', whole: 'a\nb\n7\n', effects: countedEffects };

/** The one run of a world: its id and how many records it has. */
export async function onlyRun({ runs }: World): Promise<{ readonly run: string; readonly records: number }> {
  const [run] = await runIds(runs);
  if (run === undefined) return { run: '', records: 0 };
  return { run, records: (await readJournal(join(runs, run, 'journal.jsonl'))).entries.length };
}

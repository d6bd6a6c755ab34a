import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { type Clock, messageOf } from '../../../core/index.ts';
import type { Plan } from '../../plan/types.ts';
import { RunError, systemCode, writingFailed } from '../errors.ts';
import { Journal } from '../journal/journal.ts';
import { noSum } from '../journal/line.ts';
import type { JournalRecord } from '../journal/records.ts';
import { Objects } from './objects.ts';
import { isRunId, newRunId, plainName } from './run-id.ts';
import { heldLock, lockText, type RunLock } from './run-lock.ts';
import { makeFolder, syncFolder, writeWhole } from './write-file.ts';

/** `$XDG_STATE_HOME/armload/runs`, or `~/.local/state/armload/runs` (XDG Base Directory Specification: relative paths are ignored). */
export function defaultRunsFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const base = environment['XDG_STATE_HOME'];
  const state =
    base !== undefined && isAbsolute(base) ? base : join(environment['HOME'] || homedir(), '.local', 'state');
  return join(state, 'armload', 'runs');
}

/** The files of one run. */
export class RunFolder {
  readonly id: string;
  /** Absolute. */
  readonly path: string;
  readonly objects: Objects;

  constructor(runs: string, id: string) {
    this.id = id;
    this.path = join(runs, id);
    this.objects = new Objects(join(this.path, 'objects'));
  }

  get journal(): string {
    return join(this.path, 'journal.jsonl');
  }
  get plan(): string {
    return join(this.path, 'plan.json');
  }
  get recipe(): string {
    return join(this.path, 'recipe.yaml');
  }
  get lock(): string {
    return join(this.path, 'lock');
  }
  get logs(): string {
    return join(this.path, 'logs');
  }

  /** Of a step; what else has a log, such as a source, is named with its kind before it: `source clone`. */
  log(id: string): string {
    return join(this.logs, `${plainName(id)}.log`);
  }

  /** The plan that the run began with. @throws RunError `RUN_CHANGED` */
  async readPlan(begun: { readonly planSha256: string; readonly recipeSha256: string }): Promise<Plan> {
    const text = await readFile(this.plan);
    if (sha256(text) !== begun.planSha256 || sha256(await readFile(this.recipe)) !== begun.recipeSha256)
      throw new RunError(
        'RUN_CHANGED',
        `the plan or recipe in ${this.path} is not the one the run began with`,
        {
          hint: 'A run keeps to its plan. To build what was changed, begin a new run.',
        },
      );
    return JSON.parse(text.toString('utf8'));
  }
}

/** The run of that id. @throws RunError `RUN_NOT_FOUND` */
export async function findRun(runs: string, id: string): Promise<RunFolder> {
  const folder = new RunFolder(runs, id);
  if (!isRunId(id) || !(await isFolder(folder.path)))
    throw new RunError('RUN_NOT_FOUND', `there is no run ${id} in ${runs}`, {
      hint: '`armload build list` names those there are.',
    });
  return folder;
}

/** Ids of all runs, newest first. None where there's no such folder yet. */
export async function runIds(runs: string): Promise<readonly string[]> {
  try {
    return (await readdir(runs)).filter(isRunId).sort().reverse();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

export interface NewRun {
  readonly runs: string;
  readonly plan: Plan;
  readonly recipeText: string;
  readonly clock: Clock;
  /** What the journal begins with. */
  readonly begun: (digests: { readonly planSha256: string; readonly recipeSha256: string }) => JournalRecord;
}

/**
 * A folder for a new run, with recipe, plan, the first record and the lock. It gets its name when all of that is in it:
 * there is no run without, and none that somebody else could lock. @throws RunError `DISK_FULL`, `RUNS_UNWRITABLE`
 */
export async function createRun({
  runs,
  plan,
  recipeText,
  clock,
  begun,
}: NewRun): Promise<{ readonly folder: RunFolder; readonly lock: RunLock }> {
  if (sha256(recipeText) !== plan.recipeSha256)
    throw new RunError('RUN_CHANGED', 'the recipe is not the one that the plan was made from');
  const temporary = join(runs, `.incoming-${randomUUID()}`);
  try {
    await makeFolder(join(temporary, 'logs'));
    const planText = JSON.stringify(plan);
    await writeWhole(join(temporary, 'recipe.yaml'), recipeText);
    await writeWhole(join(temporary, 'plan.json'), planText);
    const journal = await Journal.open(join(temporary, 'journal.jsonl'), {
      clock,
      content: { entries: [], length: 0, sum: noSum, torn: false },
    });
    await journal.append(begun({ planSha256: sha256(planText), recipeSha256: sha256(recipeText) }));
    await journal.close();
    const lock = lockText(clock.now());
    await writeWhole(join(temporary, 'lock'), lock);
    const folder = await named(runs, { temporary, recipe: plan.recipe, now: clock.now() });
    return { folder, lock: heldLock(folder.lock, lock) };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw unwritable(error, runs);
  }
}

function unwritable(error: unknown, runs: string): unknown {
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(systemCode(error) ?? ''))
    return writingFailed(error, runs);
  return new RunError('RUNS_UNWRITABLE', `no run can be made in ${runs}: ${messageOf(error)}`, {
    cause: error,
    hint: 'Runs are kept in $XDG_STATE_HOME/armload/runs, or ~/.local/state/armload/runs.',
  });
}

async function named(
  runs: string,
  { temporary, recipe, now }: { readonly temporary: string; readonly recipe: string; readonly now: number },
): Promise<RunFolder> {
  for (let tries = 0; ; tries++) {
    const folder = new RunFolder(runs, newRunId(recipe, now));
    try {
      await rename(temporary, folder.path);
      await syncFolder(runs);
      return folder;
    } catch (error) {
      const isTaken = ['ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '');
      if (!isTaken || tries >= 10) throw error;
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

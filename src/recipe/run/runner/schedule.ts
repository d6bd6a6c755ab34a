import type { PlannedStep } from '../../plan/types.ts';

/**
 * Does `work` for each step when all it needs is done, at most `jobs` at a time, first come first in the plan's order; the
 * items of one foreach one after the other. After a step for which `work` gives something nothing new is begun; what runs is
 * waited for. Gives what the steps gave, or throws the first that was thrown.
 */
export async function inOrder<Failure>(
  steps: readonly PlannedStep[],
  {
    jobs,
    work,
  }: {
    readonly jobs: number;
    readonly work: (step: PlannedStep, index: number) => Promise<Failure | undefined>;
  },
): Promise<readonly Failure[]> {
  const { missing, dependents } = needsOf(steps);
  const ready = missing.flatMap((count, index) => (count === 0 ? [index] : []));
  const failures: Failure[] = [];
  const thrown: unknown[] = [];
  const running = new Set<Promise<void>>();

  async function one(index: number): Promise<void> {
    const step = steps[index];
    if (step === undefined) return;
    try {
      const failure = await work(step, index);
      if (failure !== undefined) failures.push(failure);
      else release(index);
    } catch (error) {
      thrown.push(error);
    }
  }

  function release(index: number): void {
    for (const dependent of dependents[index] ?? []) {
      const left = (missing[dependent] ?? 0) - 1;
      missing[dependent] = left;
      if (left === 0) insert(ready, dependent);
    }
  }

  for (;;) {
    while (ready.length > 0 && running.size < jobs && failures.length + thrown.length === 0) {
      const task: Promise<void> = one(ready.shift() ?? 0).finally(() => running.delete(task));
      running.add(task);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (thrown.length > 0) throw thrown[0];
  return failures;
}

/** By position: how many others each waits for, and which wait for it. */
function needsOf(steps: readonly PlannedStep[]): {
  readonly missing: number[];
  readonly dependents: readonly (readonly number[])[];
} {
  const positions = new Map(steps.map(({ id }, index) => [id, index]));
  const dependents: number[][] = steps.map(() => []);
  const lastOfName = new Map<string, number>();
  const missing = steps.map((step, index) => {
    const needed = new Set(step.needs.flatMap((id) => positions.get(id) ?? []));
    const before = lastOfName.get(step.name);
    if (before !== undefined) needed.add(before);
    lastOfName.set(step.name, index);
    for (const position of needed) dependents[position]?.push(index);
    return needed.size;
  });
  return { missing, dependents };
}

function insert(sorted: number[], value: number): void {
  const at = sorted.findIndex((other) => other > value);
  sorted.splice(at === -1 ? sorted.length : at, 0, value);
}

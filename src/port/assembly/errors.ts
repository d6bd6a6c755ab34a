import { ArmloadError } from '../../core/index.ts';

/** One thing that stands in the way of a layer. */
export interface AssemblyProblem {
  /** The layer, counted from the first above the base. */
  readonly layer: number;
  readonly path: string;
  /** A sentence without its subject: "the new base has a directory there". */
  readonly text: string;
}

/**
 * Layers that can't be written as planned. `ASSEMBLY_UNPLANNED`: entries without a plan, or a plan without its entry.
 * `ASSEMBLY_REFUSED`: what would come out wrong, such as a directory over the new base's link. `ASSEMBLY_CONTENT`: new
 * content isn't what it was said to be. `ASSEMBLY_CHANGED`: a layer no longer holds what was read of it.
 * `ASSEMBLY_DIFFERS`: the written layers don't give what was planned.
 */
export class AssemblyError extends ArmloadError<
  'ASSEMBLY_UNPLANNED' | 'ASSEMBLY_REFUSED' | 'ASSEMBLY_CONTENT' | 'ASSEMBLY_CHANGED' | 'ASSEMBLY_DIFFERS'
> {}

const maxProblems = 1000;

/** Gathers problems, so that a person sees all of them at once. */
export class Problems {
  readonly #found: AssemblyProblem[] = [];
  #omitted = 0;

  add(problem: AssemblyProblem): void {
    if (this.#found.length < maxProblems) this.#found.push(problem);
    else this.#omitted += 1;
  }

  /** @throws AssemblyError where there are any; all of them are in its `facts.problems`. */
  raise(code: AssemblyError['code'], what: string): void {
    const [first] = this.#found;
    if (first === undefined) return;
    const others = this.#found.length + this.#omitted - 1;
    const more = others > 0 ? ` (and ${others} more)` : '';
    throw new AssemblyError(
      code,
      `${what}: layer ${first.layer} above the base, /${first.path}: ${first.text}${more}`,
      {
        facts: { problems: this.#found, omitted: this.#omitted },
        ...(code === 'ASSEMBLY_REFUSED' && {
          hint: 'Plan another action for these paths, such as dropping or renaming them.',
        }),
      },
    );
  }
}

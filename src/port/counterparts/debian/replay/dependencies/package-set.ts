import { fieldOf, type Paragraph } from '../../control.ts';
import { type Clause, needsOf, type Provided, providedBy, satisfies } from './relations.ts';

/** Packages that are to be there together. */
export class PackageSet {
  readonly #provided = new Map<string, Provided[]>();
  readonly #paragraphs: readonly Paragraph[];

  constructor(paragraphs: readonly Paragraph[]) {
    this.#paragraphs = paragraphs;
    for (const paragraph of paragraphs)
      for (const one of providedBy(paragraph)) {
        const known = this.#provided.get(one.name);
        if (known === undefined) this.#provided.set(one.name, [one]);
        else known.push(one);
      }
  }

  /** Is there anything of that name, of whatever version? */
  has(name: string): boolean {
    return this.#provided.has(name);
  }

  isMet(clause: Clause): boolean {
    return clause.some((wanted) =>
      (this.#provided.get(wanted.name) ?? []).some((one) => satisfies(one, wanted)),
    );
  }

  /** What packages need and nothing gives. */
  *unmet(): Generator<{ readonly by: Paragraph; readonly clause: Clause }> {
    for (const by of this.#paragraphs)
      for (const clause of needsOf(by)) if (!this.isMet(clause)) yield { by, clause };
  }

  /** The names of all that other packages need. */
  neededNames(): ReadonlySet<string> {
    const names = new Set<string>();
    for (const paragraph of this.#paragraphs)
      for (const { name } of needsOf(paragraph).flat())
        if (name !== fieldOf(paragraph, 'Package')) names.add(name);
    return names;
  }
}

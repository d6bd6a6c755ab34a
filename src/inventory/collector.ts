import type { Problem } from '../results/index.ts';
import type { FoundUse, FoundWorkload, Inventory, PullSecret } from './types.ts';

/** Joins the inventories of many files. */
export class InventoryCollector {
  readonly #uses: FoundUse[] = [];
  readonly #workloads: FoundWorkload[] = [];
  readonly #problems: Problem[] = [];
  readonly #pullSecrets = new Map<string, PullSecret>();
  readonly #serviceAccounts = new Map<string, readonly string[]>();
  readonly #templates = new Map<string, number>();
  /** Compose files are met by themselves and through others' `include`, `extends` and override. */
  readonly #known = new Set<string>();

  add(inventory: Inventory): void {
    for (const use of inventory.uses) if (!this.#isRepeated(use)) this.#uses.push(use);
    for (const [key, secret] of inventory.pullSecrets ?? []) this.#pullSecrets.set(key, secret);
    for (const [key, names] of inventory.serviceAccounts ?? []) this.#serviceAccounts.set(key, names);
    for (const workload of inventory.workloads)
      if (!this.#isRepeatedWorkload(workload)) this.#workloads.push(workload);
    for (const problem of inventory.problems)
      if (!this.#isRepeatedProblem(problem)) this.#problems.push(problem);
  }

  /** Pull secrets that aren't among the inputs are left out: they bring no credentials, only more questions. */
  #withPullSecrets(found: FoundUse): FoundUse {
    const { serviceAccount, pullSecrets, ...use } = found;
    if (serviceAccount === undefined && pullSecrets === undefined) return found;
    const named = pullSecrets ?? this.#serviceAccounts.get(serviceAccount ?? '') ?? [];
    const known = named.filter((key) => this.#pullSecrets.has(key));
    return known.length === 0 ? use : { ...use, pullSecrets: [...new Set(known)].sort() };
  }

  /** Counts a file that is a template of a chart, by the chart's path. */
  addTemplate(chart: string): void {
    this.#templates.set(chart, (this.#templates.get(chart) ?? 0) + 1);
  }

  inventory(): Inventory {
    const charts = [...this.#templates].map(([chart, count]) => ({
      file: chart,
      message: `${count === 1 ? 'a file' : `${count} files`} of this chart can't be read as it is, being a Helm template; render it first with \`helm template\`: helm template ${chart} | armload scan -`,
    }));
    return {
      uses: this.#uses.map((use) => this.#withPullSecrets(use)),
      workloads: this.#workloads,
      problems: [...this.#problems, ...charts],
      ...(this.#pullSecrets.size === 0 ? {} : { pullSecrets: this.#pullSecrets }),
    };
  }

  #isRepeated({ use, written, resolved }: FoundUse): boolean {
    if (use.source !== 'compose') return false;
    return this.#isKnown(['use', use.file, use.line, use.column, use.workload, written, resolved]);
  }

  #isRepeatedWorkload({ source, name, file }: FoundWorkload): boolean {
    return source === 'compose' && this.#isKnown(['workload', name, file]);
  }

  #isRepeatedProblem({ file, line, column, message }: Problem): boolean {
    return this.#isKnown(['problem', file, line, column, message]);
  }

  #isKnown(parts: readonly (string | number | undefined)[]): boolean {
    const key = parts.join('\n');
    if (this.#known.has(key)) return true;
    this.#known.add(key);
    return false;
  }
}

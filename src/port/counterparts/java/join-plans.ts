import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { redact } from '../../../core/index.ts';
import type { Material, OriginContext, OriginPlan, PortImage, Refusal } from '../../origin-types.ts';
import type { PathPlan } from '../../plan-types.ts';
import { describe } from '../release/kept-file.ts';
import { damageOf } from './check-jar.ts';
import { shown } from './coordinates.ts';
import { exchange } from './exchange.ts';
import type { OpenedArchive } from './open-nested.ts';
import { type Outcome, refused } from './take-all.ts';
import type { NewJar } from './take-jar.ts';

type TakenJar = Extract<Outcome, { kind: 'taken' }>;

export interface JoinParts {
  readonly image: PortImage;
  readonly archives: readonly OpenedArchive[];
  readonly context: Pick<OriginContext, 'folder' | 'signal'>;
}

/** Makes a plan of what became of the jars. @throws the system's error where this machine can't keep a file, the signal's reason. */
export async function joinedPlan(
  outcomes: readonly Outcome[],
  { image, archives, context }: JoinParts,
): Promise<OriginPlan> {
  const draft = new Draft(image);
  for (const outcome of outcomes.filter(({ jar }) => jar.innerPath === '')) draft.add(outcome);
  for (const archive of archives) {
    const inside = outcomes.filter(({ jar }) => jar.file === archive.file && jar.innerPath !== '');
    const taken = inside.flatMap((one) => (one.kind === 'taken' ? [one] : []));
    // In one that is exchanged itself, or refused, nothing is.
    if (draft.speaksOf(archive.file.path) || taken.length === 0 || taken.length < inside.length)
      for (const one of inside) draft.add(one);
    else await draft.exchange(archive, taken, context);
  }
  return draft.plan();
}

class Draft {
  readonly #image: PortImage;
  readonly #paths = new Map<string, PathPlan>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #materials = new Map<string, Material>();
  readonly #notes: string[] = [];

  constructor(image: PortImage) {
    this.#image = image;
  }

  speaksOf(path: string): boolean {
    return this.#paths.has(path) || this.#refusals.has(path);
  }

  add(outcome: Outcome): void {
    const { path } = outcome.jar.file;
    if (outcome.kind === 'taken' && outcome.jar.innerPath === '') this.#take(outcome);
    // One for a file: what is in an archive besides is like it.
    else if (outcome.kind === 'refused' && !this.speaksOf(path)) this.#refusals.set(path, outcome.refusal);
  }

  #take({ jar, proposal, taken }: TakenJar): void {
    const why = `${shown(taken.coordinates)} takes the place of ${shown(proposal.old)}`;
    this.#replace(jar.file.path, replacement(taken, why));
    this.#materials.set(taken.sha256, materialOf(taken));
    this.#notes.push(
      `/${jar.file.path} keeps its name, which class paths may give, and is ${shown(taken.coordinates)} now`,
    );
  }

  async exchange(
    { file, copy }: OpenedArchive,
    taken: readonly TakenJar[],
    { folder, signal }: Pick<OriginContext, 'folder' | 'signal'>,
  ): Promise<void> {
    const to = join(folder, randomUUID());
    const files = new Map(taken.map(({ jar, taken: { file: jarFile } }) => [jar.innerPath, jarFile]));
    const failed = await exchange(copy, to, files);
    const made = failed === undefined ? await describe(to, file.path, signal) : undefined;
    const why = made !== undefined && damageOf(made.facts) !== undefined ? 'it would be damaged' : failed;
    if (made === undefined || why !== undefined) {
      for (const one of taken) this.add(refused(one, notExchanged(one, why ?? 'it would be damaged')));
      return;
    }
    const names = taken.map((one) => `${shown(one.taken.coordinates)} for ${shown(one.proposal.old)}`);
    const { sha256, size, facts } = made;
    const content = () => createReadStream(to, { highWaterMark: 1024 ** 2 });
    this.#replace(file.path, {
      action: 'replace',
      why: `it has ${names.join(', ')}`,
      with: { kind: 'file', content, size, sha256, facts, origin: 'packed anew' },
    });
    for (const one of taken) this.#materials.set(one.taken.sha256, materialOf(one.taken));
    this.#notes.push(
      `/${file.path} was packed anew with ${names.join(', ')}, under the old names; all else in it is as it was`,
    );
  }

  #replace(path: string, plan: PathPlan): void {
    const { view, baseLayers } = this.#image;
    for (const name of view.links(path))
      if ((view.lookup(name)?.layer ?? -1) >= baseLayers) this.#paths.set(name, plan);
  }

  plan(): OriginPlan {
    return {
      ...{ paths: this.#paths, added: [], notes: this.#notes },
      refusals: [...this.#refusals.values()],
      materials: [...this.#materials.values()],
    };
  }
}

function notExchanged({ jar, taken }: TakenJar, why: string) {
  return {
    kind: 'no-counterpart' as const,
    why: `the archive around it can't be packed anew: ${why}`,
    lift: `Build the archive with ${shown(taken.coordinates)} in the place of ${jar.innerPath}.`,
  };
}

function replacement({ coordinates, facts, sha256, size, content }: NewJar, why: string): PathPlan {
  const origin = shown(coordinates);
  return { action: 'replace', why, with: { kind: 'file', content, size, sha256, origin, facts } };
}

function materialOf({ coordinates, url, sha256, size, notes }: NewJar): Material {
  const { group, artifact, version, classifier } = coordinates;
  const address = new URL(url);
  address.username = '';
  address.password = '';
  const qualifiers = classifier === undefined ? '' : `?classifier=${encodeURIComponent(classifier)}`;
  return {
    ...{ origin: 'java', name: `${group}:${artifact}`, version },
    ...(classifier !== undefined && { architecture: classifier }),
    ...{ uri: redact(address.href), sha256, size },
    purl: `pkg:maven/${encodeURIComponent(group)}/${encodeURIComponent(artifact)}@${encodeURIComponent(version)}${qualifiers}`,
    ...(notes.length > 0 && { notes }),
  };
}

import { join } from 'node:path';
import { type Fetch, FileStore } from '../../fetch/index.ts';
import type { JavaSettings } from '../../options.ts';
import type { OriginContext, PortImage, Refusal } from '../../origin-types.ts';
import { inParallel } from '../shared/in-parallel.ts';
import { type Environment, findRepositories } from './configuration/index.ts';
import { shown } from './coordinates.ts';
import type { OldJar } from './find-jars.ts';
import type { JavaLimits } from './limits.ts';
import type { Proposal } from './propose.ts';
import { failure, jarRefusal, type RefusedWhy } from './refusals.ts';
import { Repository } from './repository.ts';
import { type NewJar, takeJar } from './take-jar.ts';

/** A jar with what may take its place. */
export interface WantedJar {
  readonly jar: OldJar;
  readonly proposal: Proposal;
}

/** What became of one jar. */
export type Outcome =
  | { readonly kind: 'refused'; readonly jar: OldJar; readonly refusal: Refusal }
  | (WantedJar & { readonly kind: 'taken'; readonly taken: NewJar });

export function refused({ jar, proposal }: WantedJar, why: RefusedWhy): Outcome {
  return { kind: 'refused', jar, refusal: jarRefusal(jar, why, shown(proposal.old)) };
}

export interface TakeAllParts {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly settings: JavaSettings;
  readonly environment: Environment;
  readonly fetch: Fetch | undefined;
  readonly limits: JavaLimits;
}

/** Takes what is proposed from Maven repositories. @throws UsageError, the signal's reason. */
export async function takeAll(
  wanted: readonly WantedJar[],
  { image, context, settings, environment, fetch, limits }: TakeAllParts,
): Promise<readonly Outcome[]> {
  const found = await findRepositories(settings.repositories, environment);
  if (found.kind === 'none')
    return wanted.map((one) =>
      refused(one, {
        ...{ kind: 'package', undetermined: true },
        why: `where ${shown(one.proposal.old)} is from is not known: ${found.why}`,
        lift: 'Name a repository in port.java.repositories of the configuration, or install Maven.',
      }),
    );
  const { cache, clock, signal, onEvent } = context;
  const store = new FileStore({
    ...{ folder: join(cache, 'jars'), clock, signal, environment, fetch },
    spool: context.sharing?.downloads,
    limits: { fileBytes: limits.jarBytes, time: limits.time },
  });
  const repositories = found.repositories.map((url) => new Repository(url, store, limits));
  const total = wanted.length;
  onEvent?.({ type: 'phase', phase: 'fetching jars', total });
  let done = 0;
  try {
    return await inParallel(wanted, limits.parallel, async (one) => {
      const outcome = await take(one, { repositories, image, signal, settings });
      done += 1;
      onEvent?.({ type: 'progress', done, total });
      return outcome;
    });
  } finally {
    await store.close();
  }
}

interface TakeParts {
  readonly repositories: readonly Repository[];
  readonly image: PortImage;
  readonly settings: JavaSettings;
  readonly signal: AbortSignal | undefined;
}

async function take(one: WantedJar, parts: TakeParts): Promise<Outcome> {
  const { signal, settings } = parts;
  try {
    const taken = await takeJar(one.jar, one.proposal, {
      ...parts,
      allowUpgrade: settings.allowUpgrade === true,
    });
    return taken.kind === 'refused' ? refused(one, taken.why) : { ...one, kind: 'taken', taken: taken.jar };
  } catch (error) {
    signal?.throwIfAborted();
    return refused(one, failure(shown(one.proposal.old), error));
  }
}

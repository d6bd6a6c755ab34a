import { isAbort, messageOf, redact, UsageError } from '../../../core/index.ts';
import { createFetch, type Fetch, FetchError } from '../../fetch/index.ts';
import type { NamedReplacement } from '../../options.ts';
import type { Material, Origin, OriginContext, OriginPlan, PortImage, Refusal } from '../../origin-types.ts';
import type { PathPlan } from '../../plan-types.ts';
import { doubtsAbout } from './check.ts';
import type { Doubt } from './doubt.ts';
import { ReleaseError } from './errors.ts';
import { piecesOf } from './kept-file.ts';
import { defaultReleaseLimits, type ReleaseLimits } from './limits.ts';
import { isSafeAddress, type Named, readNames } from './names.ts';
import { type Obtained, obtain } from './obtain.ts';
import { findTarget, type Target } from './target.ts';

export interface ReleaseParts {
  /** What names of files are relative to. */
  readonly cwd: string;
  /** HTTP with the environment's proxies unless told. */
  readonly fetch?: Fetch;
  /** Where the proxies are named; `process.env` unless told. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly limits?: Partial<ReleaseLimits>;
}

/**
 * Files that a person names for paths: upstream's own builds, as a rule. Each is checked to be what it claims before it's
 * used. What a person may decide to take all the same is refused as waivable and planned as well.
 */
export function releaseOrigin(replacements: readonly NamedReplacement[], parts: ReleaseParts): Origin {
  return {
    name: 'release',
    wanted: [],
    async plan(image, context) {
      const named = readNames(replacements);
      const { environment } = parts;
      const connection =
        parts.fetch === undefined
          ? createFetch({
              mayRedirect: (from, to) => isSafeAddress(to, from),
              ...(environment !== undefined && { environment }),
              spool: context.sharing?.downloads,
            })
          : { fetch: parts.fetch, close: async () => undefined };
      const planner = new Planner(image, context, { ...parts, fetch: connection.fetch });
      try {
        for (const one of named) await planner.add(one);
      } finally {
        await connection.close();
      }
      return planner.plan();
    },
  };
}

class Planner {
  readonly #image: PortImage;
  readonly #context: OriginContext;
  readonly #parts: ReleaseParts & { readonly fetch: Fetch };
  readonly #paths = new Map<string, PathPlan>();
  /** Who answers for a path, as it was written. */
  readonly #named = new Map<string, string>();
  readonly #refusals: Refusal[] = [];
  readonly #materials = new Map<string, Material>();
  readonly #notes: string[] = [];

  constructor(image: PortImage, context: OriginContext, parts: ReleaseParts & { readonly fetch: Fetch }) {
    this.#image = image;
    this.#context = context;
    this.#parts = parts;
  }

  plan(): OriginPlan {
    return {
      paths: this.#paths,
      added: [],
      refusals: this.#refusals,
      materials: [...this.#materials.values()],
      notes: this.#notes,
    };
  }

  async add(named: Named): Promise<void> {
    this.#context.signal?.throwIfAborted();
    const target = findTarget(this.#image, named.path);
    if ('why' in target) {
      this.#refusals.push(target);
      return;
    }
    this.#claim(named, target);
    const taken = target.paths.find((path) => this.#context.taken.has(path));
    if (taken !== undefined) {
      const why = `/${taken} has a counterpart already, and ${nameIn(named)} would be a second one`;
      this.#refuse(named, { why, lift: 'Take one of the two back.', waivable: false });
      return;
    }
    const obtained = await this.#obtain(named);
    if (obtained !== undefined) this.#use(named, target, obtained);
  }

  /** Two names for one file can't both hold. */
  #claim({ written }: Named, { paths }: Target): void {
    for (const path of paths) {
      const before = this.#named.get(path);
      if (before !== undefined)
        throw new UsageError('USAGE', `${before} and ${written} are one file, and two are named for it`, {
          hint: 'Name one replacement for it: all names of a file get the same.',
        });
      this.#named.set(path, written);
    }
  }

  async #obtain(named: Named): Promise<Obtained | undefined> {
    const { folder, cache, clock, signal } = this.#context;
    const { cwd, fetch } = this.#parts;
    const limits = { ...defaultReleaseLimits, ...this.#parts.limits };
    try {
      return await obtain(named, { cwd, folder, cache, fetch, clock, limits, signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UsageError || isAbort(error)) throw error;
      this.#refuse(named, failure(error));
      return undefined;
    }
  }

  #use(named: Named, target: Target, obtained: Obtained): void {
    const { facts } = target.entry.entry;
    const doubts = doubtsAbout(facts, obtained.facts, this.#image.target);
    for (const { why, ...rest } of doubts) this.#refuse(named, { ...rest, why: `${obtained.name} ${why}` });
    if (doubts.some(({ waivable }) => !waivable)) return;
    this.#notes.push(...target.notes);
    this.#addMaterial(obtained);
    const { file, size, sha256, name } = obtained;
    for (const path of target.paths)
      this.#paths.set(path, {
        action: 'replace',
        why: `${name} was named for ${named.written}`,
        with: {
          kind: 'file',
          content: () => piecesOf(file),
          size,
          sha256,
          origin: `release: ${name}`,
          facts: obtained.facts,
        },
      });
  }

  /** An archive that several paths come from is one material. */
  #addMaterial({ whole, member, sha256, facts }: Obtained): void {
    const key = `${whole.sha256} ${whole.uri}`;
    const known = this.#materials.get(key);
    const notes = member === undefined ? [] : [`its file ${member}, with SHA-256 ${sha256}`];
    const version = facts.kind === 'elf' ? facts.elf.go?.module?.version : undefined;
    const all = [...(known?.notes ?? []), ...notes];
    this.#materials.set(key, {
      origin: 'release',
      ...whole,
      ...(version !== undefined && version !== '(devel)' && { version }),
      ...(all.length > 0 && { notes: all }),
    });
  }

  #refuse({ path }: Named, doubt: Doubt): void {
    this.#refusals.push({ path, kind: 'counterpart', ...doubt });
  }
}

function nameIn({ place }: Named): string {
  return place.kind === 'file' ? place.file : redact(place.url);
}

function failure(error: unknown): Doubt {
  const why = messageOf(error);
  if (error instanceof FetchError)
    return { why, lift: 'Try again, or name a file of this machine.', waivable: false, undetermined: true };
  if (!(error instanceof ReleaseError))
    return { why, lift: 'Try again.', waivable: false, undetermined: true };
  const lifts: Readonly<Record<ReleaseError['code'], string>> = {
    RELEASE_HASH: 'Find out which of the two is right: name the hash of the file that you want.',
    RELEASE_LIMIT: 'Name something smaller, or unpack it first.',
    RELEASE_ARCHIVE: 'Name a file that it has, or unpack it first and name the file.',
    RELEASE_UNREADABLE: 'Make room for it, or use another folder for the cache.',
  };
  const isUnknown = error.code === 'RELEASE_UNREADABLE';
  return { why, lift: lifts[error.code], waivable: false, ...(isUnknown && { undetermined: true }) };
}

import type { CallOptions, Reading } from '../../registry/index.ts';
import { chainIds } from './chain-id.ts';
import { baseAnnotations, type Clue, clueOf, isLead, type Lead, nameOf } from './clues.ts';
import { checkLayerCount, type Examined, examine } from './examine.ts';
import { proposeBases } from './proposals.ts';
import { provenanceClues } from './provenance.ts';
import type {
  BaseCandidate,
  BaseEvidence,
  BaseSearch,
  FindBaseOptions,
  FoundBase,
  PortableImage,
  UnreadEvidence,
} from './types.ts';
import { unknownBecause } from './unknown.ts';

const defaultCandidates = 40;
/** Records of one chain-id looked at: an index republished for another platform keeps this one's layers. */
const recordsOfChain = 4;
/** Requests for the attestations of one image. */
const attestationRequests = 20;
/** By the ladder of evidence: which of two equals is taken. */
const strength: readonly BaseEvidence[] = ['given', 'provenance', 'annotation', 'label', 'known'];

/**
 * Finds the image that this one was built from, with its sibling for another platform: everything that names it is
 * looked at, and accepted only where the base's diff-ids are exactly the lowest of the image's. A reference that a
 * person gave is taken before others, else the longest base with a sibling wins. A base without the sibling is asked for
 * its own base in turn.
 * @throws DocumentError where the image contradicts itself; the signal's reason. What can't be reached throws nothing:
 * it is an unknown candidate.
 */
export async function findBase(image: PortableImage, options: FindBaseOptions): Promise<BaseSearch> {
  checkLayerCount(image.reference, image.manifest, image.config.diffIds);
  return new BaseFinder(image, options).find();
}

/** What a clue leads to. */
interface Looked {
  /** An image to ask for its own base. */
  readonly ancestor?: PortableImage;
  readonly next?: Lead;
}

class BaseFinder {
  readonly #image: PortableImage;
  readonly #options: FindBaseOptions;
  readonly #candidates: BaseCandidate[] = [];
  readonly #unread: UnreadEvidence[] = [];
  readonly #found: FoundBase[] = [];
  readonly #seen = new Set<string>();
  #looks = 0;

  constructor(image: PortableImage, options: FindBaseOptions) {
    this.#image = image;
    this.#options = options;
  }

  async find(): Promise<BaseSearch> {
    for (const name of this.#options.given ?? []) await this.#follow(clueOf({ name }, { evidence: 'given' }));
    await this.#follow(await this.#cluesOf(this.#image));
    await this.#askKnowledge();
    const [base, ...others] = this.#ranked();
    const isOpen = this.#unread.length > 0 || this.#candidates.some(({ outcome }) => outcome === 'unknown');
    return {
      state: base === undefined ? (isOpen ? 'unknown' : 'none') : 'found',
      ...(base === undefined ? {} : { base }),
      others,
      candidates: this.#candidates,
      unread: this.#unread,
      proposals: proposeBases(this.#image),
    };
  }

  /** A base found without the target may name its own base: such clues are followed like the others. */
  async #follow(clues: readonly Clue[]): Promise<void> {
    const todo = [...clues].reverse();
    for (let clue = todo.pop(); clue !== undefined; clue = todo.pop()) {
      const { ancestor, next } = isLead(clue) ? await this.#look(clue) : this.#judged(clue);
      if (next !== undefined) todo.push(next);
      if (ancestor === undefined) continue;
      const further = await this.#cluesOf(ancestor, ancestor.reference);
      todo.push(...[...further].reverse());
    }
  }

  async #cluesOf(image: PortableImage, via?: string): Promise<readonly Clue[]> {
    const { clues, unread } = await provenanceClues(this.#reading(image), image, via);
    this.#unread.push(...unread);
    return [...clues, ...baseAnnotations(image, via)];
  }

  /** Each chain-id of the image, the longest first, until one fits or no longer base is to be had. */
  async #askKnowledge(): Promise<void> {
    const { knownBases } = this.#options;
    if (knownBases === undefined) return;
    const chain = chainIds(this.#image.config.diffIds);
    for (const [index, chainId] of [...chain.entries()].reverse()) {
      if (this.#isSettled(index + 1)) return;
      const { os, architecture } = this.#image.platform;
      const records = knownBases
        .lookup(chainId)
        .filter(({ platform }) => platform.os === os && platform.architecture === architecture);
      for (const record of records.slice(0, recordsOfChain)) {
        if (this.#isSettled(index + 1)) return;
        const name = `${record.reference}@${record.indexDigest}`;
        await this.#follow(clueOf({ name }, { evidence: 'known' }));
      }
    }
  }

  #isSettled(layers: number): boolean {
    return this.#found.some((base) => base.layers > layers || (base.layers === layers && base.sameIndex));
  }

  #judged(candidate: BaseCandidate): Looked {
    const key = `${candidate.reference} ${candidate.evidence} ${candidate.why}`;
    if (!this.#seen.has(key)) this.#candidates.push(candidate);
    this.#seen.add(key);
    return {};
  }

  async #look(lead: Lead): Promise<Looked> {
    this.#options.signal?.throwIfAborted();
    const reference = nameOf(lead);
    if (this.#seen.has(reference)) return {};
    this.#seen.add(reference);
    const examined = await this.#examine(lead);
    this.#candidates.push({
      reference,
      evidence: lead.evidence,
      ...(lead.via === undefined ? {} : { via: lead.via }),
      outcome: examined.outcome,
      ...(examined.outcome === 'unknown' ? { reason: examined.reason } : {}),
      why: examined.why,
    });
    if (examined.outcome !== 'accepted') {
      const next = tagOf(lead, examined);
      return {
        ...(examined.ancestor === undefined ? {} : { ancestor: examined.ancestor }),
        ...(next === undefined ? {} : { next }),
      };
    }
    if (!this.#found.some((base) => isSameBase(base, examined.base))) this.#found.push(examined.base);
    return {};
  }

  async #examine(lead: Lead): Promise<Examined> {
    const { maxCandidates = defaultCandidates, signal } = this.#options;
    this.#looks += 1;
    if (this.#looks > maxCandidates) {
      const why = `it was not looked at: ${maxCandidates} others were before it`;
      return { outcome: 'unknown', reason: 'too-large', why };
    }
    try {
      return await examine(lead, this.#image, this.#options);
    } catch (error) {
      return { outcome: 'unknown', ...unknownBecause(error, signal) };
    }
  }

  #ranked(): readonly FoundBase[] {
    const isGiven = ({ evidence }: FoundBase) => (evidence === 'given' ? 0 : 1);
    return this.#found
      .map((base, place) => ({ base, place }))
      .sort(
        (left, right) =>
          isGiven(left.base) - isGiven(right.base) ||
          (left.base.evidence === 'given' ? left.place - right.place : 0) ||
          right.base.layers - left.base.layers ||
          Number(right.base.sameIndex) - Number(left.base.sameIndex) ||
          strength.indexOf(left.base.evidence) - strength.indexOf(right.base.evidence) ||
          left.place - right.place,
      )
      .map(({ base }) => base);
  }

  #reading(image: PortableImage): Reading {
    return { repository: image.repository, budget: { left: attestationRequests }, ...this.#call() };
  }

  #call(): CallOptions {
    return this.#options.signal === undefined ? {} : { signal: this.#options.signal };
  }
}

/**
 * Of an image built step by step, buildah and podman name the base, and beside it the digest of the step before, which no
 * registry has ever seen (buildah 1.28, `--layers`). The name's own layers tell whether it is the base.
 */
function tagOf({ reference: { digest, ...named }, ...lead }: Lead, examined: Examined): Lead | undefined {
  const isLost = examined.outcome === 'unknown' && examined.reason === 'not-found';
  const isSaid = lead.evidence === 'annotation' || lead.evidence === 'label';
  if (!isLost || !isSaid || digest === undefined || named.tag === undefined) return undefined;
  return { ...lead, reference: named };
}

function isSameBase(left: FoundBase, right: FoundBase): boolean {
  return (
    left.indexDigest === right.indexDigest && left.source.descriptor.digest === right.source.descriptor.digest
  );
}

import { createReadStream } from 'node:fs';
import type { FileFacts } from '../../../binary/index.ts';
import type { PortImage } from '../../origin-types.ts';
import { describe } from '../release/kept-file.ts';
import { falseJar } from './check-jar.ts';
import { type Coordinates, shown } from './coordinates.ts';
import type { OldJar } from './find-jars.ts';
import { liftOf, type Proposal } from './propose.ts';
import type { RefusedWhy } from './refusals.ts';
import type { OfferedJar, Repository } from './repository.ts';

/** A jar that takes another's place. */
export interface NewJar {
  readonly coordinates: Coordinates;
  readonly url: string;
  /** On this machine. */
  readonly file: string;
  readonly sha256: string;
  readonly size: number;
  readonly facts: FileFacts;
  readonly content: () => AsyncIterable<Uint8Array>;
  /** Sentences for the provenance. */
  readonly notes: readonly string[];
}

export type Taken =
  | { readonly kind: 'found'; readonly jar: NewJar }
  | { readonly kind: 'refused'; readonly why: RefusedWhy };

export interface TakeJarParts {
  readonly repositories: readonly Repository[];
  readonly image: PortImage;
  readonly allowUpgrade: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Finds the repository that has the old jar, byte for byte, and takes from there what is proposed: so that a name alone never
 * decides what is taken.
 * @throws FetchError, FileError, the signal's reason.
 */
export async function takeJar(old: OldJar, proposal: Proposal, parts: TakeJarParts): Promise<Taken> {
  const repository = await repositoryOf(old, proposal.old, parts.repositories);
  if (repository === undefined) return refusal(unknownSource(proposal, parts.repositories));
  const choice = await choose(repository, proposal, parts.allowUpgrade);
  if (choice === undefined) return refusal(noCounterpart(proposal, repository, parts.allowUpgrade));
  const { coordinates, offer } = choice;
  const { file, size, sha256 } = await repository.get(offer);
  const { facts } = await describe(file, `${coordinates.artifact}.jar`, parts.signal);
  const wrong = falseJar(facts, old, parts.image);
  if (wrong !== undefined)
    return refusal({
      kind: 'counterpart',
      why: `${shown(coordinates)} can't take its place: ${wrong}`,
      lift: `Look for another version of ${coordinates.group}:${coordinates.artifact}.`,
    });
  const content = () => createReadStream(file, { highWaterMark: 1024 ** 2 });
  const notes = notesOn(coordinates, proposal.old, offer);
  return { kind: 'found', jar: { coordinates, url: offer.url, file, size, sha256, facts, content, notes } };
}

async function repositoryOf(
  jar: OldJar,
  old: Coordinates,
  repositories: readonly Repository[],
): Promise<Repository | undefined> {
  for (const repository of repositories) {
    const offer = await repository.offer(old);
    if (offer === undefined) continue;
    const { algorithm, hex } = offer.sum;
    const own = algorithm === 'sha512' ? undefined : jar[algorithm];
    const isIt = own === undefined ? (await repository.get(offer)).sha256 === jar.sha256 : own === hex;
    if (isIt) return repository;
  }
  return undefined;
}

async function choose(
  repository: Repository,
  { sameVersion, newer }: Proposal,
  allowUpgrade: boolean,
): Promise<{ readonly coordinates: Coordinates; readonly offer: OfferedJar } | undefined> {
  for (const coordinates of [...sameVersion, ...(allowUpgrade && newer !== undefined ? [newer] : [])]) {
    const offer = await repository.offer(coordinates);
    if (offer !== undefined) return { coordinates, offer };
  }
  return undefined;
}

function unknownSource({ old }: Proposal, repositories: readonly Repository[]): RefusedWhy {
  const where = repositories.map((one) => one.shown).join(' and ');
  return {
    kind: 'altered',
    why: `${where} has no ${shown(old)} with these bytes: it was altered, or is from elsewhere`,
    lift: 'Name the repository that it is from in port.java.repositories.',
  };
}

function noCounterpart(proposal: Proposal, repository: Repository, allowUpgrade: boolean): RefusedWhy {
  const { old, sameVersion, newer } = proposal;
  const what =
    newer !== undefined && allowUpgrade
      ? `not ${[...sameVersion, newer].map(shown).join(' or ')}`
      : 'no jar of that version for the new machine';
  return {
    kind: 'no-counterpart',
    why: `${shown(old)} has machine code for the old machine alone, and ${repository.shown} has ${what}`,
    lift: liftOf(proposal),
  };
}

function notesOn(now: Coordinates, old: Coordinates, { sum, url }: OfferedJar): readonly string[] {
  const { protocol, hostname } = new URL(url);
  const isInTheClear = protocol === 'http:' && !/^(?:127\.|localhost$|\[::1\]$)/.test(hostname);
  return [
    ...(now.version === old.version ? [] : [`upgraded from ${old.version}`]),
    ...(sum.algorithm === 'sha1' ? ['its repository says its SHA-1 alone'] : []),
    ...(isInTheClear ? ['taken without TLS: its repository alone vouches for it'] : []),
  ];
}

function refusal(why: RefusedWhy): Taken {
  return { kind: 'refused', why };
}

import { messageOf, redact } from '../../../../core/index.ts';
import { DebianError } from '../errors.ts';
import type { AptSource } from '../sources/index.ts';
import { type Signed, type Trust, unverifiedText, verifySigned } from '../trust/index.ts';
import { releaseFolder } from './addresses.ts';
import { type DownloadParts, fetchWhole } from './download.ts';
import { checkDates, isOfSuite, parseRelease, type Release } from './release.ts';

/** A Release file that was read and believed. */
export interface OpenedRelease {
  readonly release: Release;
  /** Fingerprints of the keys that signed it; none where a person allowed it to go without. */
  readonly signers: readonly string[];
  /** What is to be recorded with what comes from it. */
  readonly notes: readonly string[];
}

export interface OpenReleaseOptions extends DownloadParts {
  readonly maxBytes: number;
  readonly trust: Trust;
  /** Takes a Release file without a trusted signature too; one with a wrong signature never. */
  readonly allowUnsigned: boolean;
}

/**
 * Reads the Release file of a source, `InRelease` or else `Release` with `Release.gpg`, and checks its signature, its
 * dates, and whether it's the suite that was asked for.
 * @throws DebianError, or the signal's reason.
 */
export async function openRelease(source: AptSource, options: OpenReleaseOptions): Promise<OpenedRelease> {
  const { signed, name } = await fetchSigned(source, options);
  const believed = await believe(signed, name, options);
  const release = parseRelease(believed.text, name);
  checkDates(release, source, { name, now: options.clock.now() });
  const named = release.codename ?? release.suite ?? 'another suite';
  const other = isOfSuite(release, source.suite)
    ? []
    : [redact(`${name} is of ${named}, not of ${source.suite}`)];
  return { release, signers: believed.signers, notes: [...believed.notes, ...other] };
}

type Fetched = {
  readonly name: string;
  readonly signed: Signed | { readonly kind: 'unsigned'; readonly bytes: Uint8Array };
};

async function fetchSigned(source: AptSource, options: OpenReleaseOptions): Promise<Fetched> {
  const folder = releaseFolder(source);
  const get = (file: string): Promise<Uint8Array | undefined> =>
    absent(fetchWhole(`${folder}${file}`, options.maxBytes, options));
  const inline = await get('InRelease');
  if (inline !== undefined) return { name: `${folder}InRelease`, signed: { kind: 'inline', bytes: inline } };
  const name = `${folder}Release`;
  const bytes = await get('Release');
  if (bytes === undefined)
    throw new DebianError('DEBIAN_NOT_FOUND', `there is neither ${folder}InRelease nor ${name}`, {
      hint: 'The release may have moved to an archive of old releases: configure a mirror for it.',
    });
  const signature = await get('Release.gpg');
  if (signature === undefined) return { name, signed: { kind: 'unsigned', bytes } };
  return { name, signed: { kind: 'detached', bytes, signature } };
}

async function absent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DebianError && error.code === 'DEBIAN_NOT_FOUND') return undefined;
    throw error;
  }
}

interface Believed {
  readonly text: string;
  readonly signers: readonly string[];
  readonly notes: readonly string[];
}

async function believe(
  signed: Fetched['signed'],
  name: string,
  { trust, clock, allowUnsigned }: OpenReleaseOptions,
): Promise<Believed> {
  try {
    if (signed.kind === 'unsigned')
      throw new DebianError('DEBIAN_SIGNATURE', `${name} has no signature`, {
        facts: { signature: 'untrusted' },
      });
    return { ...(await verifySigned(signed, { name, trust, now: clock.now() })), notes: [] };
  } catch (error) {
    const isUntrusted = error instanceof DebianError && error.facts['signature'] === 'untrusted';
    if (!allowUnsigned || !isUntrusted) throw error;
    const inline: Signed = { kind: 'inline', bytes: signed.bytes };
    return {
      text: await unverifiedText(inline, name),
      signers: [],
      notes: [`taken unsigned: ${messageOf(error)}`],
    };
  }
}

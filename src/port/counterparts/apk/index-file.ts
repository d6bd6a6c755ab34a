import { gunzipSync } from 'node:zlib';
import { messageOf } from '../../../core/index.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import type { OfferedPackage } from '../shared/packages/types.ts';
import { firstMember } from './gzip-members.ts';
import { limits } from './limits.ts';
import { isPlainName } from './names.ts';
import { type ApkRecord, dependencyNames, parseRecords } from './records.ts';
import { type ApkKey, checkSignatures } from './signature.ts';
import { filesInTar } from './tar-files.ts';

/** A package as an index describes it. */
export interface ApkOffer extends OfferedPackage {
  /** `Q1…`. */
  readonly checksum: string;
  /** Bytes. */
  readonly size: number;
  readonly record: ApkRecord;
  readonly url: string;
  /** Of the repository that has it. */
  readonly tag?: string;
  /** Fingerprints of keys that vouch for the index. */
  readonly signers: readonly string[];
  readonly notes: readonly string[];
}

export interface IndexOptions {
  /** Its folder's address, for the packages'. */
  readonly folder: string;
  readonly keys: ReadonlyMap<string, readonly ApkKey[]>;
  readonly allowUnsigned: boolean;
  readonly tag?: string | undefined;
}

/**
 * Reads an APKINDEX.tar.gz: a part with signatures, and behind it what they sign.
 * @throws PackagesError `PACKAGES_SIGNATURE`, `PACKAGES_MALFORMED` or `PACKAGES_LIMIT`.
 */
export async function readIndex(
  bytes: Uint8Array,
  { folder, keys, allowUnsigned, tag }: IndexOptions,
): Promise<readonly ApkOffer[]> {
  const name = `${folder}/APKINDEX.tar.gz`;
  const first = firstMember(bytes, { name, maxBytes: limits.index });
  const rest = bytes.subarray(first.stored);
  const signatures = await checkSignatures(first.content, rest, { keys, name });
  if (signatures.kind === 'none' && !allowUnsigned)
    throw new PackagesError('PACKAGES_SIGNATURE', `no trusted key signed ${name}: ${signatures.text}`, {
      hint: "Name the repository's key with --keyring.",
    });
  const isSigned = [...(await filesInTar(first.content, name)).keys()].some((file) =>
    file.startsWith('.SIGN.'),
  );
  const tar = isSigned ? inflated(rest, name) : inflated(bytes, name);
  const index = (await filesInTar(tar, name)).get('APKINDEX');
  if (index === undefined) throw new PackagesError('PACKAGES_MALFORMED', `${name} has no APKINDEX in it`);
  const signers = signatures.kind === 'good' ? signatures.signers : [];
  const notes = signatures.kind === 'good' ? [] : ['taken unsigned'];
  const common = { signers, notes, ...(tag === undefined ? {} : { tag }) };
  return parseRecords(index, name).flatMap((record) => {
    const offer = offerOf(record, folder);
    return offer === undefined ? [] : [{ ...offer, ...common }];
  });
}

function inflated(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: limits.index });
  } catch (error) {
    const code = error instanceof RangeError ? 'PACKAGES_LIMIT' : 'PACKAGES_MALFORMED';
    throw new PackagesError(code, `the gzip of ${name} is damaged: ${messageOf(error)}`, { cause: error });
  }
}

/** `undefined` for what can't be a package's file. */
function offerOf(record: ApkRecord, folder: string): Omit<ApkOffer, 'signers' | 'notes'> | undefined {
  const field = (letter: string): string => record.fields.get(letter) ?? '';
  const [name, version, checksum] = [field('P'), field('V'), field('C')];
  const size = Number(field('S'));
  if (!isPlainName(name) || !isPlainName(version) || !Number.isSafeInteger(size) || size <= 0)
    return undefined;
  return {
    ...{ name, version, checksum, size, record, architecture: field('A') },
    url: `${folder}/${name}-${version}.apk`,
    needs: dependencyNames(field('D')),
    gives: dependencyNames(field('p')),
  };
}

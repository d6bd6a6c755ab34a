import { createHash, type Hash } from 'node:crypto';
import { NodeError } from '../errors.ts';

/** Weakest first (W3C Subresource Integrity, and npm's ssri for SHA-1). */
const algorithms = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
type Algorithm = (typeof algorithms)[number];

/** What somebody says a file's hash is. */
export interface Integrity {
  readonly algorithm: Algorithm;
  /** Base64; any of them will do. */
  readonly values: readonly string[];
  /** Who says so: `the registry`, `/app/package-lock.json`. */
  readonly from: string;
}

/** The strongest hashes of a text such as `sha512-…`; `undefined` for a text without any. */
export function parseIntegrity(text: string, from: string): Integrity | undefined {
  const byAlgorithm = new Map<Algorithm, string[]>();
  for (const word of text.slice(0, 4096).split(/\s+/)) {
    const [, name, value] = /^(sha(?:1|256|384|512))-([A-Za-z0-9+/]{20,90}={0,2})(?:\?.*)?$/.exec(word) ?? [];
    const algorithm = algorithms.find((one) => one === name);
    if (algorithm === undefined || value === undefined) continue;
    byAlgorithm.set(algorithm, [...(byAlgorithm.get(algorithm) ?? []), value]);
  }
  const strongest = algorithms.findLast((one) => byAlgorithm.has(one));
  return strongest && { algorithm: strongest, values: byAlgorithm.get(strongest) ?? [], from };
}

/** SHA-1 alone vouches for nothing. */
export function isStrong({ algorithm }: Integrity): boolean {
  return algorithm !== 'sha1';
}

/** Hashes of one file, of all kinds that integrities name. */
export class Hashes {
  readonly #hashes: ReadonlyMap<Algorithm, Hash>;

  constructor() {
    this.#hashes = new Map(algorithms.map((name) => [name, createHash(name)]));
  }

  update(chunk: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(chunk);
  }

  finish(): HashValues {
    return new Map([...this.#hashes].map(([name, hash]) => [name, hash.digest()]));
  }
}

export type HashValues = ReadonlyMap<Algorithm, Buffer>;

/** @throws NodeError `NODE_INTEGRITY` naming who says otherwise. */
export function checkIntegrity(hashes: HashValues, integrities: readonly Integrity[], name: string): void {
  for (const { algorithm, values, from } of integrities) {
    const found = hashes.get(algorithm)?.toString('base64') ?? '';
    if (values.some((value) => value.replace(/=+$/, '') === found.replace(/=+$/, ''))) continue;
    throw new NodeError(
      'NODE_INTEGRITY',
      `the tarball of ${name} has the hash ${algorithm}-${found}, and ${from} says ${algorithm}-${values.join(' or ')}`,
    );
  }
}

import { compareText } from '../../core/index.ts';
import type { AttestedImage, Predicate } from './types.ts';

/** Media type of an in-toto statement, and payload type of the envelope around a signed one. */
export const inTotoType = 'application/vnd.in-toto+json';
const statementType = 'https://in-toto.io/Statement/v1';
/** What cosign signs of an image in its bundle format: a statement that says no more than its subject. */
export const imageSignatureType = 'https://sigstore.dev/cosign/sign/v1';

/** An in-toto statement (in-toto attestation framework, spec/v1/statement.md). */
export interface Statement {
  readonly _type: typeof statementType;
  readonly subject: readonly {
    readonly name?: string;
    readonly digest: Readonly<Record<string, string>>;
  }[];
  readonly predicateType: string;
  readonly predicate?: unknown;
}

/** What is said of an image, with the image: an in-toto statement v1. */
export function inTotoStatement(image: AttestedImage, { type, predicate }: Predicate): Statement {
  return {
    _type: statementType,
    subject: [{ name: image.name, digest: digestSet(image) }],
    predicateType: type,
    predicate,
  };
}

/** The statement that stands for the image's own signature; cosign writes neither a name nor a predicate into it. */
export function imageSignatureStatement(image: AttestedImage): Statement {
  return { _type: statementType, subject: [{ digest: digestSet(image) }], predicateType: imageSignatureType };
}

/**
 * The statement's bytes. Keys below the predicate are sorted, so that equal content has equal bytes, however its maker put
 * it together.
 */
export function statementBytes(statement: Statement): Uint8Array {
  const { predicate, ...rest } = statement;
  const whole = predicate === undefined ? rest : { ...rest, predicate: withSortedKeys(predicate) };
  return new TextEncoder().encode(JSON.stringify(whole));
}

function digestSet({ descriptor: { digest } }: AttestedImage): Record<string, string> {
  const colon = digest.indexOf(':');
  return { [digest.slice(0, colon)]: digest.slice(colon + 1) };
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  const entries = Object.entries(value).sort(([left], [right]) => compareText(left, right));
  return Object.fromEntries(entries.map(([key, content]) => [key, withSortedKeys(content)]));
}

import { ArmloadError, redact } from '../core/index.ts';

/** A text that is no reference. `offset` (UTF-16 units) says where the trouble starts. */
export class InvalidReferenceError extends ArmloadError<'REFERENCE_INVALID'> {
  readonly offset: number;

  constructor(text: string, offset: number, problem: string) {
    const shown = quote(text, 200);
    super(
      'REFERENCE_INVALID',
      `${shown} is not an image reference: ${problem} (at character ${offset + 1})`,
      {
        facts: { offset },
      },
    );
    this.offset = offset;
  }
}

/** A manifest, index or config that can't be believed. */
export class DocumentError extends ArmloadError<
  'DOCUMENT_MALFORMED' | 'DOCUMENT_TOO_LARGE' | 'DIGEST_MISMATCH' | 'SIZE_MISMATCH' | 'DIGEST_UNSUPPORTED'
> {}

/**
 * Foreign text for a message: in quotes, without secrets (looked for before the cut, which could halve one), not
 * longer than `limit`, and unable to move a terminal's cursor or write from right to left.
 */
export function quote(text: string, limit = 80): string {
  // What lies far beyond the cut need not be looked at.
  const safe = redact(text.slice(0, 10_000));
  return `"${escapeControls(safe.length > limit ? `${safe.slice(0, limit)}…` : safe)}"`;
}

/** Control, format and broken characters as `\u{…}`. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

import { ArmloadError } from '../core/index.ts';

/** A text that is no reference. `offset` (UTF-16 units) says where the trouble starts. */
export class InvalidReferenceError extends ArmloadError<'REFERENCE_INVALID'> {
  readonly offset: number;

  constructor(text: string, offset: number, problem: string) {
    const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
    super(
      'REFERENCE_INVALID',
      `"${shown}" is not an image reference: ${problem} (at character ${offset + 1})`,
      {
        facts: { reference: text, offset },
      },
    );
    this.offset = offset;
  }
}

/** A manifest, index or config that can't be believed. */
export class DocumentError extends ArmloadError<
  'DOCUMENT_MALFORMED' | 'DOCUMENT_TOO_LARGE' | 'DIGEST_MISMATCH' | 'SIZE_MISMATCH' | 'DIGEST_UNSUPPORTED'
> {}

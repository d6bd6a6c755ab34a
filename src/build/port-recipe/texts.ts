import type { MemberPath } from '../../document/index.ts';
import type { PortRecipeDocument } from './schema.ts';

/** A text that may hold `${{ parameters.NAME }}`, and where it stands. */
export interface PortText {
  readonly path: MemberPath;
  readonly text: string;
}

/** Every text of a port recipe that is filled in, in the order of the document. */
export function* portTexts({ image, bases = [], replace, publish }: PortRecipeDocument): Generator<PortText> {
  yield { path: ['image'], text: image };
  for (const [index, text] of bases.entries()) yield { path: ['bases', index], text };
  for (const [index, { from, member, sha256 }] of replace.entries()) {
    const path = ['replace', index];
    yield { path: [...path, 'from'], text: from };
    if (member !== undefined) yield { path: [...path, 'member'], text: member };
    if (typeof sha256 === 'string') yield { path: [...path, 'sha256'], text: sha256 };
    else if (sha256?.of !== undefined) yield { path: [...path, 'sha256', 'of'], text: sha256.of };
  }
  yield { path: ['publish', 'name'], text: publish.name };
  yield { path: ['publish', 'tag'], text: publish.tag };
}

import type { View } from '../bytes.ts';
import {
  type ElfHeader,
  fieldsOf,
  type Section,
  type Segment,
  sectionTypes,
  segmentTypes,
} from './header.ts';

const maxNoteBytes = 64 * 1024;
const buildIdNote = 3;

export interface NotesInput {
  readonly view: View;
  readonly header: ElfHeader;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
  readonly lacks: (part: 'notes') => void;
}

/** The build id the linker wrote (a note of `GNU`, type 3), as hexadecimal. */
export function readBuildId(input: NotesInput): string | undefined {
  // Some linkers leave it out of the segments.
  const places = [
    ...input.segments
      .filter(({ type }) => type === segmentTypes.note)
      .map(({ offset, fileSize, align }) => ({ offset, size: fileSize, align })),
    ...input.sections
      .filter(({ type }) => type === sectionTypes.note)
      .map(({ offset, size }) => ({ offset, size, align: 4 })),
  ];
  for (const { offset, size, align } of places.slice(0, 64)) {
    const bytes = input.view.read(offset, Math.min(size, maxNoteBytes));
    if (bytes === undefined) input.lacks('notes');
    const found = bytes === undefined ? undefined : findBuildId(bytes, input.header, align === 8 ? 8 : 4);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findBuildId(bytes: Buffer, header: ElfHeader, align: number): string | undefined {
  const fields = fieldsOf(bytes, header);
  const padded = (length: number): number => Math.ceil(length / align) * align;
  let at = 0;
  while (at + 12 <= bytes.length) {
    const [nameSize, size, type] = [fields.u32(at), fields.u32(at + 4), fields.u32(at + 8)];
    const content = at + padded(12 + nameSize);
    const isGnu = nameSize === 4 && bytes.toString('latin1', at + 12, at + 16) === 'GNU\0';
    if (isGnu && type === buildIdNote && size > 0 && size <= 64 && content + size <= bytes.length)
      return bytes.toString('hex', content, content + size);
    at = content + padded(size);
  }
  return undefined;
}

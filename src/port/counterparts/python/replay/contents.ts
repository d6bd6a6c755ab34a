import { createHash } from 'node:crypto';
import type { FileFacts } from '../../../../binary/index.ts';
import type { NewContent } from '../../../plan-types.ts';
import { bytesOf, type WheelFile } from '../wheel/index.ts';

/** A wheel's file as content of the new image. */
export function contentOf({ content, size, sha256, facts }: WheelFile, origin: string): NewContent {
  return { content, size, sha256, origin, facts };
}

/** Content that is made here and held in memory. */
export function madeContent(bytes: Uint8Array, origin: string): NewContent {
  return {
    content: async function* () {
      yield bytes;
    },
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    origin,
  };
}

const maxScript = 16 * 1024 ** 2;
const placeholder = Buffer.from('#!python');

/**
 * A wheel's script as it would have been installed: with the first line that the installed one has, where the wheel leaves
 * it open (Binary distribution format, "Recommended installer features"). Other scripts as they are.
 */
export async function scriptContent(
  file: WheelFile,
  installed: FileFacts | undefined,
  origin: string,
): Promise<NewContent> {
  if (file.size > maxScript) return contentOf(file, origin);
  const bytes = await bytesOf(file, maxScript);
  const end = bytes.indexOf('\n');
  if (!bytes.subarray(0, placeholder.length).equals(placeholder) || end < 0 || installed?.kind !== 'script')
    return contentOf(file, origin);
  const { interpreter, argument } = installed.script;
  const first = `#!${interpreter}${argument === undefined ? '' : ` ${argument}`}`;
  return madeContent(Buffer.concat([Buffer.from(first), bytes.subarray(end)]), origin);
}

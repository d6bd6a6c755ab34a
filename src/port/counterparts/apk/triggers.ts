import { imageFile, linesOf } from '../debian/image-text.ts';
import type { FileParts } from '../shared/replay/file-parts.ts';
import { bytesOfLines } from '../shared/replay/made-content.ts';
import { type ApkState, replaceFile } from './replace-file.ts';

/** A line for each package that has a trigger: its checksum, and the folders that it waits for. */
export function planTriggers(parts: FileParts, { standings, ofBase }: ApkState, folder: string): void {
  const path = `${folder}/triggers`;
  const { view, newBase } = parts.draft.image;
  const file = imageFile(view, path);
  if (file.kind !== 'read') return;
  const sibling = imageFile(newBase, path);
  const baseLines = sibling.kind === 'read' ? linesOf(sibling.bytes) : [];
  const old = linesOf(file.bytes);
  // Some tools leave out what says that it's SHA-1.
  const isBare = old.length > 0 && !old.some((line) => line.startsWith('Q1'));
  const left = new Set(old);
  const made: string[] = [];
  for (const [installed, standing] of standings) {
    if (standing.kind === 'as-it-is' || standing.kind === 'left-over') continue;
    for (const line of linesFor(old, installed.checksum)) left.delete(line);
    if (standing.kind === 'base') made.push(...linesFor(baseLines, standing.sibling.checksum));
    if (standing.kind !== 'replayed') continue;
    const { apk, offer } = standing.by.stored;
    const folders = (apk.info.get('triggers') ?? []).join(' ').trim();
    if (folders !== '') made.push(`${isBare ? offer.checksum.slice(2) : offer.checksum} ${folders}`);
  }
  for (const { checksum } of ofBase) made.push(...linesFor(baseLines, checksum));
  replaceFile(
    parts,
    path,
    bytesOfLines([...left, ...made]),
    "apk's triggers of the packages of the new image",
  );
}

function linesFor(lines: readonly string[], checksum: string): readonly string[] {
  return lines.filter((line) => line.startsWith(`${checksum} `) || line.startsWith(`${checksum.slice(2)} `));
}

import { architectureWords } from '../../../config/architecture-words.ts';
import type { PortImage } from '../../../origin-types.ts';
import { PythonError } from '../errors.ts';
import type { InstalledFile } from '../installed/types.ts';
import type { RecordLine } from '../record.ts';
import type { Wheel, WheelFile } from '../wheel/index.ts';
import { layoutOf, spreadPart } from './layout.ts';
import type { Replayed } from './types.ts';

/** A file of the new wheel and its place in the image. */
export interface PlacedFile {
  readonly place: string;
  readonly file: WheelFile;
  /** The installer writes the first line of scripts. */
  readonly isScript: boolean;
}

/** An installed file, what the old wheel has of it, and what takes its place. */
export interface Pair {
  readonly path: string;
  readonly installed: InstalledFile;
  readonly source: RecordLine;
  readonly target?: PlacedFile;
}

export interface Pairing {
  /** Files of the old wheel, in the order of RECORD. */
  readonly pairs: readonly Pair[];
  /** What the installer made: in RECORD, and in no wheel. */
  readonly generated: readonly InstalledFile[];
  readonly newOnly: readonly PlacedFile[];
}

/** The same path first, then the one that is spelled for the new architecture, where only that one has it. */
export function pairFiles(replayed: Replayed, image: PortImage): Pairing {
  const { installed, source, target, files } = replayed;
  const layout = layoutOf(installed, source, image.view);
  const left = new Map<string, PlacedFile>();
  for (const [path, file] of files) {
    if (path === `${target.info}/RECORD`) continue;
    const place = layout.placeOf(target, path);
    if (place === undefined || left.has(place))
      throw new PythonError(
        'PYTHON_WHEEL',
        `${target.name.file} can't be used: there is no place for ${path}`,
      );
    left.set(place, { place, file, isScript: spreadPart(target, path)?.scheme === 'scripts' });
  }
  const lines = sourceLines(source, (path) => layout.placeOf(source, path));
  const words = architectureWords(image.source.architecture, image.target.architecture);
  const pairs: Pair[] = [];
  const generated: InstalledFile[] = [];
  for (const one of installed.files) {
    const { path } = one;
    if (path === undefined || path === `${installed.info}/RECORD`) continue;
    const line = lines.get(path);
    const place = [path, ...words.respelled(path)].find(
      (name) => left.has(name) && (name === path || !lines.has(name)),
    );
    const found = line === undefined || place === undefined ? undefined : left.get(place);
    if (line === undefined) generated.push(one);
    else
      pairs.push({ path, installed: one, source: line, ...(found === undefined ? {} : { target: found }) });
    if (found !== undefined) left.delete(found.place);
  }
  return { pairs, generated, newOnly: [...left.values()] };
}

function sourceLines(
  source: Wheel,
  placeOf: (path: string) => string | undefined,
): ReadonlyMap<string, RecordLine> {
  return new Map(
    [...source.record].flatMap(([path, line]) => {
      const place = placeOf(path);
      return place === undefined ? [] : [[place, line] as const];
    }),
  );
}

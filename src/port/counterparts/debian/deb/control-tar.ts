import { readTar } from '../../../../tar/index.ts';
import { fieldOf, type Paragraph, parseControl } from '../control.ts';
import { DebianError } from '../errors.ts';
import { linesOf } from '../image-text.ts';

/** What a package says of itself. */
export interface DebControl {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The file `control`, its fields in order. */
  readonly paragraph: Paragraph;
  /** Paths without a leading slash. */
  readonly conffiles: readonly string[];
  /** Every file of the control tar by its name: `md5sums`, `triggers`, `postinst`, … */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Reads a control tar, decompressed. @throws DebianError `DEBIAN_MALFORMED` or `DEBIAN_LIMIT`, TarError. */
export async function readControlTar(tar: AsyncIterable<Uint8Array>, name: string): Promise<DebControl> {
  const files = new Map<string, Uint8Array>();
  for await (const entry of readTar(tar, { maxEntries: 10_000 })) {
    const chunks: Uint8Array[] = [];
    if (entry.type !== 'file') continue;
    for await (const chunk of entry.body) chunks.push(Uint8Array.from(chunk));
    files.set(entry.name.replace(/^(?:\.?\/)+/, ''), Buffer.concat(chunks));
  }
  return controlOf(files, name);
}

/** What the files of a control tar say. @throws DebianError `DEBIAN_MALFORMED` or `DEBIAN_LIMIT`. */
export function controlOf(files: ReadonlyMap<string, Uint8Array>, name: string): DebControl {
  const [paragraph, ...more] = parseControl(files.get('control') ?? '', {
    name: `the control file of ${name}`,
  });
  if (paragraph === undefined || more.length > 0)
    throw new DebianError('DEBIAN_MALFORMED', `${name} has no control file, or one of several packages`);
  const field = (key: string): string => fieldOf(paragraph, key) ?? '';
  return {
    name: field('Package'),
    version: field('Version'),
    architecture: field('Architecture'),
    paragraph,
    conffiles: conffilesOf(files.get('conffiles')),
    files,
  };
}

/** A line a path; `remove-on-upgrade` before one means that the package has it no more (deb-conffiles(5)). */
function conffilesOf(bytes: Uint8Array | undefined): readonly string[] {
  return linesOf(bytes ?? new Uint8Array(0)).flatMap((line) => {
    const path = line.trim();
    return path.startsWith('/') ? [path.replace(/^\/+/, '')] : [];
  });
}

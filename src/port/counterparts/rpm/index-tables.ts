import type { RpmHeader } from './header.ts';
import { tags } from './tags.ts';

/** A row of one of the tables by which rpm finds packages. */
export interface IndexRow {
  readonly key: string | Uint8Array;
  /** Its place among the values of the field. */
  readonly at: number;
}

/** The tables of rpm's database, and the fields that they list (rpm's `rpmdb.c`, `dbiTags`). */
export const indexTables: Readonly<Record<string, number>> = {
  Name: tags.name,
  Basenames: tags.baseNames,
  Group: tags.group,
  Requirename: tags.requireName,
  Providename: tags.provideName,
  Conflictname: tags.conflictName,
  Obsoletename: tags.obsoleteName,
  Triggername: tags.triggerName,
  Dirnames: tags.directoryNames,
  Installtid: tags.installTid,
  Sigmd5: tags.sigMd5,
  Sha1header: tags.sha1Header,
  Filetriggername: tags.fileTriggerName,
  Transfiletriggername: tags.transFileTriggerName,
  Recommendname: tags.recommendName,
  Suggestname: tags.suggestName,
  Supplementname: tags.supplementName,
  Enhancename: tags.enhanceName,
};

/** `RPMSENSE_…`: what is needed while it's installed, and while it's erased. */
const installOnly = (1 << 5) | (1 << 7) | (1 << 9) | (1 << 10) | (1 << 24) | (1 << 26);
const eraseOnly = (1 << 11) | (1 << 12);
const onceEach: ReadonlySet<number> = new Set([
  tags.triggerName,
  tags.fileTriggerName,
  tags.transFileTriggerName,
]);

/** The rows of a package in one of the tables, as rpm writes them. */
export function indexRows(header: RpmHeader, tag: number): readonly IndexRow[] {
  const entry = header.entries.get(tag);
  if (entry === undefined) return tag === tags.group ? [{ key: 'Unknown', at: 0 }] : [];
  if (tag === tags.sigMd5) return [{ key: entry.data, at: 0 }];
  if (tag === tags.installTid)
    return header.numbers(tag).map((number, at) => ({ key: littleEndian(number), at }));
  const flags = tag === tags.requireName ? header.numbers(tags.requireFlags) : [];
  const seen = new Set<string>();
  return header.texts(tag).flatMap((key, at) => {
    const flag = flags[at] ?? 0;
    if ((flag & installOnly) !== 0 && (flag & eraseOnly) === 0) return [];
    if (onceEach.has(tag) && seen.has(key)) return [];
    seen.add(key);
    return [{ key, at }];
  });
}

/** A number as the machines write it that rpm's databases are made on. */
function littleEndian(number: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

import type { LayerEntry } from '../../../layer/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import { entryPath } from '../../plan-types.ts';
import { pathBytes } from './path-bytes.ts';

/** An entry's time, to the precision it came with. */
export interface ExactTime {
  /** The `mtime` record of its extended header: a number can't hold nanoseconds. */
  readonly paxTime?: Uint8Array | undefined;
}

/** A tar member with an entry's facts. A file's content is given with its size. */
export function memberOf(
  entry: LayerEntry,
  body: AsyncIterable<Uint8Array> | undefined,
  { paxTime }: ExactTime = {},
): TarMember {
  const { kind, mode, uid, gid, linkName, device } = entry;
  const pax = new Map<string, Uint8Array>();
  for (const [name, value] of Object.entries(entry.xattrs ?? {}))
    pax.set(`SCHILY.xattr.${name}`, Buffer.from(value, 'base64'));
  if (paxTime !== undefined) pax.set('mtime', paxTime);
  return {
    name: pathBytes(entryPath(entry)),
    type: kind === 'whiteout' || kind === 'opaque' ? 'file' : kind,
    ...{ mode, uid, gid, pax },
    mtime: paxTime === undefined ? writable(entry.mtime) : Math.floor(entry.mtime),
    ...(linkName !== undefined && { linkName: pathBytes(linkName) }),
    ...(device !== undefined && { deviceMajor: device[0], deviceMinor: device[1] }),
    ...(body !== undefined && { body, size: entry.size }),
  };
}

/** Times that only an exponent can write are whole seconds but for less than a microsecond. */
function writable(mtime: number): number {
  return /^-?[0-9]+(\.[0-9]+)?$/.test(String(mtime)) ? mtime : Math.floor(mtime);
}

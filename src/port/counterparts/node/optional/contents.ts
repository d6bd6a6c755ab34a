import { createHash } from 'node:crypto';
import type { LayerEntry } from '../../../../layer/index.ts';
import type { NewContent } from '../../../plan-types.ts';
import type { PackageFile } from '../registry/index.ts';

type Attributes = Pick<LayerEntry, 'mode' | 'uid' | 'gid' | 'mtime' | 'xattrs'>;

/** A file with the same name keeps what was done to it. */
export function attributesOf({ mode, uid, gid, mtime, xattrs }: LayerEntry): Attributes {
  return { mode, uid, gid, mtime, ...(xattrs && { xattrs }) };
}

/** As the old package's package.json is, and executable for those who may read it where the package says so. */
export function attributesLike({ mode, uid, gid, mtime }: LayerEntry, file: PackageFile): Attributes {
  const plain = mode & 0o666;
  const own = (file.mode & 0o111) === 0 ? plain : plain | ((plain & 0o444) >> 2);
  return { mode: own, uid, gid, mtime };
}

export function contentOf({ content, size, sha256, facts }: PackageFile, origin: string): NewContent {
  return { content, size, sha256, facts, origin };
}

export function madeContent(bytes: Uint8Array): NewContent {
  return {
    content: async function* () {
      yield bytes;
    },
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    origin: 'made anew',
  };
}

import { LayerError } from '../errors.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

const prefixes = [
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.docker.image.rootfs.diff.tar',
  'application/vnd.docker.image.rootfs.foreign.diff.tar',
];
const suffixes: Readonly<Record<string, Compression>> = {
  '': 'none',
  '+gzip': 'gzip',
  '.gzip': 'gzip',
  '+zstd': 'zstd',
  '.zstd': 'zstd',
};

/**
 * The compression a layer's media type names (image-spec layer.md; Docker's image manifest v2). `undefined` where a
 * registry gave no type, or one that says nothing.
 * @throws LayerError `LAYER_UNSUPPORTED` for encrypted layers and for types of something else.
 */
export function compressionOf(mediaType: string): Compression | undefined {
  if (mediaType === '' || mediaType === 'application/octet-stream') return undefined;
  // A wrapping type, of which Docker's own layers have none: the bytes tell.
  if (mediaType === 'application/vnd.docker.image.rootfs.diff') return undefined;
  if (mediaType.endsWith('+encrypted'))
    throw new LayerError('LAYER_UNSUPPORTED', `the layer is encrypted (${mediaType})`, {
      hint: 'Decrypt the image first; armload has no keys.',
    });
  for (const prefix of prefixes) {
    const compression = mediaType.startsWith(prefix) ? suffixes[mediaType.slice(prefix.length)] : undefined;
    if (compression !== undefined) return compression;
  }
  throw new LayerError(
    'LAYER_UNSUPPORTED',
    `the media type ${mediaType} is not one of a layer armload reads`,
  );
}

const magics: readonly (readonly [magic: string, format: Compression | 'bzip2' | 'xz'])[] = [
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
  ['425a68', 'bzip2'],
  ['fd377a58', 'xz'],
];

/** Bytes that `compressionByMagic` is to be given, if there are as many. */
export const magicBytes = 512;

/** What the first bytes say; `undefined` where they say nothing, as in a tar from before the standard. */
export function compressionByMagic(start: Uint8Array): Compression | 'bzip2' | 'xz' | undefined {
  // First, because a tar begins with a file's name, which may be anything.
  if (Buffer.from(start.subarray(257, 262)).toString('latin1') === 'ustar') return 'none';
  const hex = Buffer.from(start.subarray(0, 4)).toString('hex');
  // RFC 8878, "Skippable Frames": 0x184D2A50 to 0x184D2A5F, little-endian.
  if (/^5[0-9a-f]2a4d18$/.test(hex)) return 'zstd';
  return magics.find(([magic]) => hex.startsWith(magic))?.[1];
}

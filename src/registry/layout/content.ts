import { isAbort, messageOf } from '../../core/index.ts';
import {
  type Descriptor,
  type Digest,
  DocumentError,
  maxManifestBytes,
  verifyDigest,
} from '../../oci/index.ts';
import { RegistryError, type RegistryFailure } from '../errors.ts';
import type { CallOptions } from '../types.ts';

/** Annotations that name a manifest in an `index.json` (image-spec annotations.md; containerd's and BuildKit's own). */
export const refNameAnnotation = 'org.opencontainers.image.ref.name';
export const imageNameAnnotation = 'io.containerd.image.name';

/**
 * Manifests and blobs kept somewhere as files: a folder, an archive. What it gives is not checked yet; a
 * StoredRepository does that once for all.
 */
export interface Content {
  /** For messages: `oci:./layout`. */
  readonly name: string;
  /** The top-level manifests, in their order. */
  entries(options?: CallOptions): Promise<readonly Descriptor[]>;
  /** Bytes of this content; `undefined` where it isn't there. */
  size(digest: Digest, options?: CallOptions): Promise<number | undefined>;
  read(digest: Digest, options?: CallOptions): AsyncIterable<Uint8Array>;
}

/** The whole of a small content, checked against its digest. @throws RegistryError */
export async function readDocument(
  content: Content,
  digest: Digest,
  options: CallOptions = {},
): Promise<Uint8Array> {
  const size = await content.size(digest, options);
  if (size === undefined)
    throw new RegistryError('not-found', `${content.name} has no ${digest}`, { repository: content.name });
  if (size > maxManifestBytes)
    throw new RegistryError(
      'malformed',
      `${digest} in ${content.name} has ${size} bytes, over the limit of ${maxManifestBytes} for a manifest`,
      { repository: content.name },
    );
  return believed(content.name, `reading ${digest}`, async () => {
    const bytes = await collect(content.read(digest, options), size);
    verifyDigest(bytes, digest, size);
    return bytes;
  });
}

async function collect(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let seen = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    seen += chunk.length;
    // A file may grow between asking its size and reading it.
    if (seen > limit) break;
  }
  return Buffer.concat(chunks);
}

/** Runs `work` on local content and turns what it throws into a RegistryError that says what was tried. */
export async function believed<Value>(
  name: string,
  doing: string,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw localError(name, doing, error);
  }
}

const reasons: Readonly<Record<string, RegistryFailure>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'unauthorized',
  EPERM: 'unauthorized',
  EROFS: 'unauthorized',
};

/** The error to throw for a failure on local content. Aborts and RegistryErrors stay what they are. */
export function localError(name: string, doing: string, error: unknown): unknown {
  if (isAbort(error) || error instanceof RegistryError) return error;
  const code = errorCode(error);
  const damaged = error instanceof DocumentError || code.startsWith('TAR_') || code.startsWith('Z_');
  // A disk that fails is to its reader what a line that drops is: try again, and look at the hardware.
  const reason = damaged ? 'malformed' : (reasons[code] ?? 'network');
  return new RegistryError(
    reason,
    `${doing} in ${name} failed: ${messageOf(error)}`,
    { repository: name },
    { cause: error },
  );
}

/** The `code` of a Node or armload error; empty where there is none. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

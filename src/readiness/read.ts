import {
  type Descriptor,
  DocumentError,
  type ImageConfig,
  type Manifest,
  parseConfig,
  parseManifest,
} from '../oci/index.ts';
import { type FetchedManifest, readSmallBlob } from '../registry/index.ts';
import type { Case } from './types.ts';

export interface ReadManifest {
  readonly fetched: FetchedManifest;
  readonly manifest: Manifest;
}

/** Fetches and parses what a tag or digest names. */
export async function readManifest(at: Case, target: string): Promise<ReadManifest> {
  const fetched = await at.repository.manifest(target, callOptions(at));
  return { fetched, manifest: parseManifest(fetched.bytes, fetched.mediaType) };
}

/** A child's manifest, within the case's budget. Inline content saves nothing here: manifests aren't inlined. */
export async function readChild(at: Case, child: Descriptor): Promise<Manifest> {
  spend(at);
  const { fetched, manifest } = await readManifest(at, child.digest);
  if (fetched.bytes.length !== child.size) {
    throw new DocumentError(
      'SIZE_MISMATCH',
      `the index says ${child.size} bytes of ${child.digest}, the manifest has ${fetched.bytes.length}`,
    );
  }
  return manifest;
}

export async function readConfig(at: Case, config: Descriptor): Promise<ImageConfig> {
  spend(at);
  return parseConfig(await readSmallBlob(at.repository, config, callOptions(at)));
}

function spend(at: Case): void {
  if (at.budget.left <= 0) {
    throw new DocumentError(
      'DOCUMENT_TOO_LARGE',
      'the index needs more requests than armload spends on one reference',
    );
  }
  at.budget.left -= 1;
}

export function callOptions(at: Case): { signal?: AbortSignal } {
  return at.options.signal === undefined ? {} : { signal: at.options.signal };
}

import {
  type Descriptor,
  DocumentError,
  type ImageConfig,
  type Manifest,
  parseConfig,
  parseManifest,
} from '../../oci/index.ts';
import { readSmallBlob } from '../cache/small-blob.ts';
import type { CallOptions, FetchedManifest, Repository } from '../types.ts';

/** Reading the documents of one reference. */
export interface Reading {
  readonly repository: Repository;
  readonly signal?: AbortSignal;
  /** Requests for child manifests and configs still allowed. */
  readonly budget: { left: number };
}

export interface ReadManifest {
  readonly fetched: FetchedManifest;
  readonly manifest: Manifest;
}

/** Fetches and parses what a tag or digest names. */
export async function readManifest(at: Reading, target: string): Promise<ReadManifest> {
  const fetched = await at.repository.manifest(target, callOptions(at));
  return { fetched, manifest: parseManifest(fetched.bytes, fetched.mediaType) };
}

/** A child's manifest, within the budget. Inline content saves nothing here: manifests aren't inlined. */
export async function readChild(at: Reading, child: Descriptor): Promise<Manifest> {
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

export async function readConfig(at: Reading, config: Descriptor): Promise<ImageConfig> {
  return parseConfig(await readConfigBytes(at, config));
}

/** A config as it is, within the budget. */
export async function readConfigBytes(at: Reading, config: Descriptor): Promise<Uint8Array> {
  spend(at);
  return readSmallBlob(at.repository, config, callOptions(at));
}

function spend(at: Reading): void {
  if (at.budget.left <= 0) {
    throw new DocumentError(
      'DOCUMENT_TOO_LARGE',
      'the index needs more requests than armload spends on one reference',
    );
  }
  at.budget.left -= 1;
}

export function callOptions(at: Reading): CallOptions {
  return at.signal === undefined ? {} : { signal: at.signal };
}

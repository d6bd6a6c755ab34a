import { type Descriptor, type Digest, DigestChecker } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import { failure } from '../http/failure.ts';
import { headerOf } from '../http/message.ts';
import type { BlobSource, CallOptions } from '../types.ts';
import { type Access, type ApiAnswer, type ApiCall, expectStatus } from './access.ts';
import { ChunkedUpload, maxChunkBytes } from './chunked-upload.ts';
import { type Name, nameOf } from './name.ts';
import {
  cancelSession,
  finishAt,
  openSession,
  readSession,
  type Session,
  type UploadCall,
} from './upload-session.ts';

type BlobName = Pick<Descriptor, 'digest' | 'size'>;

export interface PutBlobOptions extends CallOptions {
  /** Repositories of the same registry that may hold the blob. */
  readonly mountFrom?: readonly string[];
}

const maxMountTries = 3;
const maxUploadTries = 3;

/** HEAD of a blob. @throws RegistryError where the answer is neither yes nor no. */
export function hasBlob(
  access: Access,
  name: Name,
  blob: BlobName,
  { signal }: CallOptions = {},
): Promise<boolean> {
  const call: ApiCall = {
    method: 'HEAD',
    repository: name.repository,
    path: `blobs/${blob.digest}`,
    kind: 'blob',
    what: `Looking for the blob ${blob.digest} in ${nameOf(name)}`,
    push: true,
    signal,
  };
  return access.home(call, (answer) => {
    if (answer.status === 404) return false;
    expectStatus(answer, 200);
    const size = headerOf(answer.headers, 'content-length');
    if (size === undefined || Number(size) === blob.size) return true;
    throw failure(answer.request, {
      reason: 'malformed',
      outcome: `has this blob with ${size} bytes, and it has ${blob.size}`,
      answer,
    });
  });
}

/** Uploads a blob unless the registry has it, or mounts it from another repository. */
export async function putBlob(
  access: Access,
  name: Name,
  blob: BlobName,
  options: PutBlobOptions & { readonly source: BlobSource },
): Promise<'uploaded' | 'mounted' | 'exists'> {
  const { source, signal, mountFrom = [] } = options;
  if (await hasBlob(access, name, blob, options)) return 'exists';
  const call: UploadCall = {
    repository: name.repository,
    kind: 'upload',
    what: `Uploading the blob ${blob.digest} to ${nameOf(name)}`,
    push: true,
    signal,
  };
  const mounted = await mount(access, call, blob.digest, mountFrom);
  if (mounted === 'mounted') return 'mounted';
  await new Upload(access, call, { blob, source }).run(mounted);
  return 'uploaded';
}

/** `mounted`, or the session that the last attempt opened instead, if any. */
async function mount(
  access: Access,
  call: UploadCall,
  digest: Digest,
  sources: readonly string[],
): Promise<'mounted' | Session | undefined> {
  let session: Session | undefined;
  for (const source of sources.filter((name) => name !== call.repository).slice(0, maxMountTries)) {
    if (session !== undefined) await cancelSession(access, call, session);
    const result = await mountOne(access, call, digest, source);
    if (result === 'mounted') return result;
    session = result;
  }
  return session;
}

async function mountOne(
  access: Access,
  call: UploadCall,
  digest: Digest,
  source: string,
): Promise<'mounted' | Session | undefined> {
  const post: ApiCall = {
    ...call,
    method: 'POST',
    path: 'blobs/uploads/',
    query: new URLSearchParams({ mount: digest, from: source }).toString(),
    alsoPull: [source],
    body: new Uint8Array(),
    repeatable: true,
  };
  try {
    return await access.home(post, (answer) => {
      if (answer.status === 201) return 'mounted' as const;
      return answer.status === 202 ? readSession(answer) : undefined;
    });
  } catch (error) {
    // Whoever may not read the source uploads instead.
    if (error instanceof RegistryError && error.reason === 'unauthorized') return undefined;
    throw error;
  }
}

/** One blob's upload, started over where a try breaks. */
class Upload {
  readonly #access: Access;
  readonly #call: UploadCall;
  readonly #blob: BlobName;
  readonly #source: BlobSource;
  #sourceError: unknown;

  constructor(access: Access, call: UploadCall, { blob, source }: { blob: BlobName; source: BlobSource }) {
    this.#access = access;
    this.#call = call;
    this.#blob = blob;
    this.#source = source;
  }

  async run(opened: Session | undefined): Promise<void> {
    let session = opened;
    for (let tries = 1; ; tries += 1) {
      try {
        session ??= await openSession(this.#access, this.#call);
        return await this.#send(session);
      } catch (error) {
        // The source's own trouble is told as it is, and not tried again.
        if (this.#sourceError !== undefined) throw this.#sourceError;
        const passing =
          error instanceof RegistryError && ['network', 'timeout', 'rate-limited'].includes(error.reason);
        if (!passing || tries >= maxUploadTries) throw error;
        this.#access.engine.debug(`${error.message}; starting over`);
        session = undefined;
      }
    }
  }

  async #send(session: Session): Promise<void> {
    const { size } = this.#blob;
    const inChunks = size > this.#access.engine.limits.chunkedFrom && session.minChunk <= maxChunkBytes;
    if (!inChunks) return this.#whole(session);
    const sent = await new ChunkedUpload(this.#access, this.#call, session).send(() => this.#checked());
    if (sent !== 'refused') return this.#finish(sent);
    await cancelSession(this.#access, this.#call, session);
    return this.#whole(await openSession(this.#access, this.#call));
  }

  #whole(session: Session): Promise<void> {
    const { size } = this.#blob;
    const body = size === 0 ? new Uint8Array() : { size, content: () => this.#checked() };
    return this.#put(session, { body, repeatable: false });
  }

  #finish(session: Session): Promise<void> {
    return this.#put(session, { body: new Uint8Array(), repeatable: false });
  }

  #put(session: Session, content: Pick<ApiCall, 'body' | 'repeatable'>): Promise<void> {
    const call: ApiCall = {
      ...this.#call,
      ...content,
      method: 'PUT',
      path: finishAt(session, this.#blob.digest),
      headers: { 'content-type': 'application/octet-stream' },
    };
    return this.#access.home(call, (answer) => {
      expectStatus(answer, 201, 204);
      confirmDigest(answer, this.#blob.digest);
    });
  }

  /** The source's bytes, the last of them held back until they proved right: a wrong upload never completes. */
  async *#checked(): AsyncIterable<Uint8Array> {
    const checker = new DigestChecker(this.#blob.digest, this.#blob.size);
    let held: Uint8Array | undefined;
    for await (const chunk of this.#noting(this.#source())) {
      if (chunk.length === 0) continue;
      checker.update(chunk);
      if (held !== undefined) yield held;
      held = chunk;
    }
    checker.finish();
    if (held !== undefined) yield held;
  }

  async *#noting(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    try {
      yield* content;
    } catch (error) {
      this.#sourceError = error;
      throw error;
    }
  }
}

/** @throws RegistryError `malformed` where the registry says that it stored something else. */
export function confirmDigest(answer: ApiAnswer, expected: Digest): void {
  const stored = headerOf(answer.headers, 'docker-content-digest');
  if (stored === undefined || stored === expected || !stored.startsWith(expected.slice(0, 7))) return;
  throw failure(answer.request, {
    reason: 'malformed',
    outcome: `stored other content than was sent: its digest is ${stored}, expected ${expected}`,
    answer,
    facts: { expected, stored },
  });
}

import { failure } from '../http/failure.ts';
import { headerOf } from '../http/message.ts';
import type { Hop } from '../http/redirect.ts';
import type { Access, ApiAnswer, ApiCall } from './access.ts';
import { expectStatus } from './access.ts';

/** An upload in progress: where its next part goes, and the smallest part the registry takes. */
export interface Session {
  readonly location: Hop;
  /** Bytes; 0 where the registry named none (`OCI-Chunk-Min-Length`). */
  readonly minChunk: number;
}

/** What all requests of one upload share. */
export type UploadCall = Pick<ApiCall, 'repository' | 'kind' | 'what' | 'push' | 'signal'>;

/** @throws RegistryError where the registry opens no session. */
export function openSession(access: Access, call: UploadCall): Promise<Session> {
  // A session that nobody uses costs the registry little, so a second try is safe.
  const post: ApiCall = {
    ...call,
    method: 'POST',
    path: 'blobs/uploads/',
    repeatable: true,
    body: new Uint8Array(),
  };
  return access.home(post, (answer) => {
    expectStatus(answer, 202);
    return readSession(answer);
  });
}

/** The session that an answer's Location names: relative or absolute. */
export function readSession(answer: ApiAnswer): Session {
  const location = headerOf(answer.headers, 'location');
  const { origin, path } = answer.from;
  if (!location || !URL.canParse(location, origin + path)) {
    throw failure(answer.request, { reason: 'malformed', outcome: 'named no place to upload to', answer });
  }
  const url = new URL(location, origin + path);
  const here = new URL(origin);
  // Registries behind a proxy that ends TLS announce http: never downgrade, the host is the same.
  const downgraded = here.protocol === 'https:' && url.protocol === 'http:';
  if (downgraded && url.hostname !== here.hostname) {
    throw failure(answer.request, {
      reason: 'malformed',
      outcome: `wants the upload without encryption at ${url.host}`,
      answer,
    });
  }
  const minChunk = Number(headerOf(answer.headers, 'oci-chunk-min-length') ?? '0');
  return {
    location: { origin: downgraded ? origin : url.origin, path: url.pathname + url.search },
    minChunk: Number.isSafeInteger(minChunk) && minChunk > 0 ? minChunk : 0,
  };
}

/** The address that ends an upload: the session's, its own query kept, with the digest. */
export function finishAt({ location }: Session, digest: string): Hop {
  const separator = location.path.includes('?') ? '&' : '?';
  return {
    origin: location.origin,
    path: `${location.path}${separator}digest=${encodeURIComponent(digest)}`,
  };
}

/** Lets go of a session nobody wants. Best effort: registries expire them anyway. */
export async function cancelSession(access: Access, call: UploadCall, session: Session): Promise<void> {
  try {
    await access.home(
      { ...call, method: 'DELETE', path: session.location, repeatable: false },
      () => undefined,
    );
  } catch {
    call.signal?.throwIfAborted();
  }
}

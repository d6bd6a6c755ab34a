import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../oci/index.ts';
import {
  type Reply,
  registryError,
  type ScriptedServer,
  type Seen,
  scriptedServer,
} from '../http/scripted-server.test-support.ts';
import type { BlobSource } from '../types.ts';
import { failing, repositoryOf } from './client.test-support.ts';

const content = randomBytes(10_000);
const blob = { digest: digestOf(content), size: content.length };
const uploads = '/v2/team/app/blobs/uploads/';

function source(bytes: Uint8Array = content, chunk = 1000): BlobSource {
  return async function* () {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  };
}

interface UploadRegistry {
  readonly server: ScriptedServer;
  /** Finished blobs by digest. */
  readonly blobs: Map<string, Buffer>;
  /** Open sessions by path. */
  readonly sessions: Map<string, Buffer>;
}

/** A registry that takes uploads; `before` may answer, or break, first. */
async function uploadRegistry(
  before: (seen: Seen, count: number, registry: UploadRegistry) => Reply | undefined | 'break' = () =>
    undefined,
): Promise<UploadRegistry> {
  const blobs = new Map<string, Buffer>();
  const sessions = new Map<string, Buffer>();
  const server = await scriptedServer((seen, response, count) => {
    const early = before(seen, count, registry);
    if (early === 'break') {
      response.destroy();
      return undefined;
    }
    return early ?? answer(registry, seen);
  });
  const registry = { server, blobs, sessions };
  return registry;
}

function answer({ blobs, sessions }: UploadRegistry, { method, path, query, body, headers }: Seen): Reply {
  if (method === 'HEAD') return blobs.has(path.split('/').at(-1)!) ? { body: content } : { status: 404 };
  if (method === 'POST') {
    const id = `/upload/${sessions.size + 1}`;
    sessions.set(id, Buffer.alloc(0));
    return { status: 202, headers: { location: `${id}?state=s%2F1` } };
  }
  const session = sessions.get(path);
  if (session === undefined || query.get('state') !== 's/1') return registryError(404, 'BLOB_UPLOAD_UNKNOWN');
  const progress = (bytes: Buffer) => ({
    location: `${path}?state=s%2F1`,
    range: `0-${Math.max(0, bytes.length - 1)}`,
  });
  if (method === 'GET') return { status: 204, headers: progress(session) };
  if (method === 'DELETE') return { status: sessions.delete(path) ? 204 : 404 };
  if (method === 'PATCH' && Number(headers['content-range']?.split('-')[0]) !== session.length)
    return { status: 416 };
  const all = Buffer.concat([session, body]);
  sessions.set(path, all);
  if (method === 'PATCH') return { status: 202, headers: progress(all) };
  const digest = query.get('digest') ?? '';
  if (digestOf(all) !== digest) return registryError(400, 'DIGEST_INVALID');
  blobs.set(digest, all);
  return { status: 201, headers: { 'docker-content-digest': digest } };
}

describe('a blob', () => {
  test('is uploaded whole, with its length, to the place the registry names', async () => {
    const { server, blobs } = await uploadRegistry();
    expect(await repositoryOf(server).putBlob(blob, source())).toBe('uploaded');
    expect(blobs.get(blob.digest)!.equals(content)).toBe(true);
    expect(server.lines()).toEqual([
      `HEAD /v2/team/app/blobs/${blob.digest}`,
      `POST ${uploads}`,
      'PUT /upload/1',
    ]);
    expect(server.seen[2]!.headers['content-length']).toBe('10000');
    expect(server.seen[2]!.headers['content-type']).toBe('application/octet-stream');
  });

  test('that is there already is left alone', async () => {
    const { server, blobs } = await uploadRegistry();
    blobs.set(blob.digest, content);
    const untouched: BlobSource = () => {
      throw new Error('nobody should read this');
    };
    expect(await repositoryOf(server).putBlob(blob, untouched)).toBe('exists');
    expect(server.seen).toHaveLength(1);
  });

  test('of no bytes is uploaded', async () => {
    const { server, blobs } = await uploadRegistry();
    const nothing = Buffer.alloc(0);
    const empty = { digest: digestOf(nothing), size: 0 };
    expect(await repositoryOf(server).putBlob(empty, source(nothing))).toBe('uploaded');
    expect(blobs.has(empty.digest)).toBe(true);
  });

  test.each([
    ['other content', Buffer.alloc(10_000)],
    ['more bytes', Buffer.concat([content, Buffer.from('x')])],
    ['fewer bytes', content.subarray(1)],
  ])('whose source gives %s never completes', async (_what, bytes) => {
    const { server, blobs } = await uploadRegistry();
    await expect(repositoryOf(server).putBlob(blob, source(bytes))).rejects.toThrow(/digest|promised/);
    expect(blobs.size).toBe(0);
    expect(server.count('POST')).toBe(1);
  });

  test('whose source breaks reports what the source said', async () => {
    const { server } = await uploadRegistry();
    const breaking: BlobSource = async function* () {
      yield content.subarray(0, 10);
      throw new Error('the disk is gone');
    };
    await expect(repositoryOf(server).putBlob(blob, breaking)).rejects.toThrow(/^the disk is gone$/);
    expect(server.count('POST')).toBe(1);
  });

  test('starts over in a new session after a broken connection', async () => {
    let broken = 0;
    const { server, blobs } = await uploadRegistry(({ method }) => {
      if (method !== 'PUT' || broken > 0) return undefined;
      broken += 1;
      return 'break';
    });
    expect(await repositoryOf(server).putBlob(blob, source())).toBe('uploaded');
    expect(blobs.has(blob.digest)).toBe(true);
    expect(server.count('POST')).toBe(2);
  });

  test('that always breaks ends as network', async () => {
    const { server } = await uploadRegistry(({ method }) => (method === 'PUT' ? 'break' : undefined));
    expect((await failing(repositoryOf(server).putBlob(blob, source()))).reason).toBe('network');
    expect(server.count('PUT')).toBe(3);
  });

  test('that the registry stores as something else is malformed', async () => {
    const headers = { 'docker-content-digest': digestOf(Buffer.from('else')) };
    const { server } = await uploadRegistry(({ method }) =>
      method === 'PUT' ? { status: 201, headers } : undefined,
    );
    expect((await failing(repositoryOf(server).putBlob(blob, source()))).reason).toBe('malformed');
  });

  test('that the registry has with another size is malformed', async () => {
    const { server } = await uploadRegistry(({ method }) =>
      method === 'HEAD' ? { body: 'short' } : undefined,
    );
    expect((await failing(repositoryOf(server).putBlob(blob, source()))).reason).toBe('malformed');
  });

  test('goes to an absolute Location, too', async () => {
    const { server, blobs } = await uploadRegistry(({ method }, _count, { sessions, server: at }) => {
      if (method !== 'POST') return undefined;
      sessions.set('/elsewhere', Buffer.alloc(0));
      return { status: 202, headers: { location: `${at.origin}/elsewhere?state=s%2F1` } };
    });
    await repositoryOf(server).putBlob(blob, source());
    expect(blobs.has(blob.digest)).toBe(true);
  });

  test('carries no Authorization to a Location on another host', async () => {
    const storage = await scriptedServer(() => ({ status: 201 }));
    const server = await scriptedServer(({ method, headers }) => {
      if (headers.authorization === undefined) {
        return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
      }
      return method === 'HEAD'
        ? { status: 404 }
        : { status: 202, headers: { location: `${storage.origin}/up?x=1` } };
    });
    const credentials = { lookup: () => Promise.resolve({ username: 'u', password: 'p', source: 'test' }) };
    expect(await repositoryOf(server, { credentials }).putBlob(blob, source())).toBe('uploaded');
    expect(storage.seen[0]!.headers.authorization).toBeUndefined();
    expect(storage.seen[0]!.query.get('digest')).toBe(blob.digest);
  });

  test('cannot be uploaded where the registry names no place', async () => {
    const { server } = await uploadRegistry(({ method }) =>
      method === 'POST' ? { status: 202 } : undefined,
    );
    expect((await failing(repositoryOf(server).putBlob(blob, source()))).reason).toBe('malformed');
  });

  test('asks for a token that may push', async () => {
    const scopes: (string | null)[] = [];
    const realm = await scriptedServer(({ query }) => {
      scopes.push(query.get('scope'));
      return { body: '{"token":"T"}' };
    });
    const { server } = await uploadRegistry(({ headers, method }) =>
      headers.authorization === 'Bearer T'
        ? undefined
        : {
            status: 401,
            headers: {
              'www-authenticate': `Bearer realm="${realm.origin}",scope="repository:team/app:${method === 'HEAD' ? 'pull' : 'pull,push'}"`,
            },
          },
    );
    expect(await repositoryOf(server).putBlob(blob, source())).toBe('uploaded');
    expect(scopes).toEqual(['repository:team/app:pull,push']);
  });
});

describe('copies', () => {
  test('a blob streams from one repository to another of the same host, one request at a time', async () => {
    const large = randomBytes(2 * 1024 * 1024);
    const name = { digest: digestOf(large), size: large.length };
    const { server, blobs } = await uploadRegistry(({ method, path }) =>
      method === 'GET' && path.startsWith('/v2/') ? { body: large } : undefined,
    );
    const repository = repositoryOf(server, { hosts: () => ({ maxConcurrency: 1 }) });
    expect(await repository.putBlob(name, () => repository.blob(name))).toBe('uploaded');
    expect(blobs.get(name.digest)!.equals(large)).toBe(true);
  });
});

describe('mounting', () => {
  const mountOf = ({ method, query }: Seen) => (method === 'POST' ? query.get('mount') : null);

  test('saves the upload', async () => {
    const { server } = await uploadRegistry((seen) =>
      mountOf(seen) === blob.digest ? { status: 201 } : undefined,
    );
    expect(await repositoryOf(server).putBlob(blob, source(), { mountFrom: ['team/base'] })).toBe('mounted');
    expect(server.seen[1]!.query.get('from')).toBe('team/base');
    expect(server.count('PUT')).toBe(0);
  });

  test('that opens a session instead is an upload, without a second POST', async () => {
    const { server, blobs } = await uploadRegistry();
    expect(await repositoryOf(server).putBlob(blob, source(), { mountFrom: ['team/base'] })).toBe('uploaded');
    expect(server.count('POST')).toBe(1);
    expect(blobs.has(blob.digest)).toBe(true);
  });

  test('tries the next source, and gives the first session back', async () => {
    const { server, sessions } = await uploadRegistry((seen) =>
      seen.query.get('from') === 'team/second' ? { status: 201 } : undefined,
    );
    const mountFrom = ['team/app', 'team/first', 'team/second'];
    expect(await repositoryOf(server).putBlob(blob, source(), { mountFrom })).toBe('mounted');
    expect(sessions.size).toBe(0);
    expect(server.count('POST')).toBe(2);
  });

  test.each([400, 403, 404, 405])('refused with %s is an upload', async (status) => {
    const { server } = await uploadRegistry((seen) => (mountOf(seen) === null ? undefined : { status }));
    expect(await repositoryOf(server).putBlob(blob, source(), { mountFrom: ['team/base'] })).toBe('uploaded');
  });

  test('asks for a token that reads the source', async () => {
    const scopes: string[][] = [];
    const realm = await scriptedServer(({ query }) => {
      scopes.push(query.getAll('scope'));
      return { body: `{"token":"T${scopes.length}"}` };
    });
    const { server } = await uploadRegistry((seen) => {
      if (seen.headers.authorization === undefined) {
        return { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm.origin}"` } };
      }
      return mountOf(seen) === null ? undefined : { status: 201 };
    });
    await repositoryOf(server).putBlob(blob, source(), { mountFrom: ['team/base'] });
    expect(scopes).toEqual([
      ['repository:team/app:pull,push'],
      ['repository:team/app:pull,push', 'repository:team/base:pull'],
    ]);
  });
});

describe('large blobs', () => {
  const limits = { chunkedFrom: 5000, chunkBytes: 4000 };

  test('go in chunks', async () => {
    const { server, blobs } = await uploadRegistry();
    expect(await repositoryOf(server, { limits }).putBlob(blob, source())).toBe('uploaded');
    expect(blobs.get(blob.digest)!.equals(content)).toBe(true);
    const patches = server.seen.filter(({ method }) => method === 'PATCH');
    expect(patches.map(({ headers }) => headers['content-range'])).toEqual([
      '0-3999',
      '4000-7999',
      '8000-9999',
    ]);
    expect(patches.map(({ headers }) => headers['content-length'])).toEqual(['4000', '4000', '2000']);
  });

  test('keep to the smallest chunk that the registry takes', async () => {
    const { server } = await uploadRegistry(({ method }, _count, { sessions }) => {
      if (method !== 'POST') return undefined;
      sessions.set('/upload/1', Buffer.alloc(0));
      return { status: 202, headers: { location: '/upload/1?state=s%2F1', 'oci-chunk-min-length': '6000' } };
    });
    await repositoryOf(server, { limits }).putBlob(blob, source());
    expect(server.seen.filter(({ method }) => method === 'PATCH').map(({ body }) => body.length)).toEqual([
      6000, 4000,
    ]);
  });

  test('continue at what the registry has after a reset', async () => {
    let patches = 0;
    const { server, blobs } = await uploadRegistry(({ method, path, body }, _count, { sessions }) => {
      if (method !== 'PATCH') return undefined;
      patches += 1;
      if (patches !== 2) return undefined;
      // The connection breaks after the registry took a part of the chunk.
      sessions.set(path, Buffer.concat([sessions.get(path)!, body.subarray(0, 1500)]));
      return 'break';
    });
    expect(await repositoryOf(server, { limits }).putBlob(blob, source())).toBe('uploaded');
    expect(blobs.get(blob.digest)!.equals(content)).toBe(true);
    expect(server.count('POST')).toBe(1);
    const ranges = server.seen
      .filter(({ method }) => method === 'PATCH')
      .map(({ headers }) => headers['content-range']);
    expect(ranges).toEqual(['0-3999', '4000-7999', '5500-7999', '8000-9999']);
  });

  test('continue after a reset that lost the whole first chunk', async () => {
    let patches = 0;
    const { server, blobs } = await uploadRegistry(({ method }) => {
      if (method !== 'PATCH') return undefined;
      patches += 1;
      return patches === 1 ? 'break' : undefined;
    });
    expect(await repositoryOf(server, { limits }).putBlob(blob, source())).toBe('uploaded');
    expect(blobs.has(blob.digest)).toBe(true);
  });

  test.each([400, 404, 405, 416])('go whole where the registry refuses chunks with %s', async (status) => {
    const { server, blobs } = await uploadRegistry(({ method }) =>
      method === 'PATCH' ? { status } : undefined,
    );
    expect(await repositoryOf(server, { limits }).putBlob(blob, source())).toBe('uploaded');
    expect(blobs.get(blob.digest)!.equals(content)).toBe(true);
    expect(server.count('PATCH')).toBe(1);
    expect(server.count('DELETE')).toBe(1);
  });

  test('whose every chunk breaks end as network', async () => {
    const { server } = await uploadRegistry(({ method }) => (method === 'PATCH' ? 'break' : undefined));
    expect((await failing(repositoryOf(server, { limits }).putBlob(blob, source()))).reason).toBe('network');
    expect(server.count('PATCH')).toBeLessThanOrEqual(12);
  });

  test('whose source gives other content never complete', async () => {
    const { server, blobs } = await uploadRegistry();
    await expect(
      repositoryOf(server, { limits }).putBlob(blob, source(Buffer.alloc(10_000))),
    ).rejects.toThrow(/digest/);
    expect(blobs.size).toBe(0);
    expect(server.count('PUT')).toBe(0);
  });
});

describe('manifests', () => {
  const bytes = Buffer.from('{"schemaVersion":2}');
  const manifest = { mediaType: 'application/vnd.oci.image.index.v1+json', bytes };
  const digest = digestOf(bytes);

  test('are put by digest, or by tag', async () => {
    const server = await scriptedServer(() => ({ status: 201 }));
    expect(await repositoryOf(server).putManifest(manifest)).toBe(digest);
    expect(await repositoryOf(server).putManifest(manifest, { tag: '1.0' })).toBe(digest);
    expect(server.lines()).toEqual([
      `PUT /v2/team/app/manifests/${digest}`,
      'PUT /v2/team/app/manifests/1.0',
    ]);
    expect(server.seen[0]!.headers['content-type']).toBe(manifest.mediaType);
    expect(server.seen[0]!.body.equals(bytes)).toBe(true);
  });

  test('are tried again, because that changes nothing', async () => {
    const server = await scriptedServer((_seen, _response, count) => ({ status: count < 3 ? 502 : 201 }));
    expect(await repositoryOf(server).putManifest(manifest)).toBe(digest);
  });

  test('that the registry stores as something else are malformed', async () => {
    const headers = { 'docker-content-digest': digestOf(Buffer.from('else')) };
    const server = await scriptedServer(() => ({ status: 201, headers }));
    expect((await failing(repositoryOf(server).putManifest(manifest))).reason).toBe('malformed');
  });

  test('over 4 MiB are not sent', async () => {
    const server = await scriptedServer(() => ({ status: 201 }));
    const large = { ...manifest, bytes: Buffer.alloc(4 * 1024 * 1024 + 1) };
    expect((await failing(repositoryOf(server).putManifest(large))).message).toContain('4194304');
    expect(server.seen).toEqual([]);
  });

  test('refused ones say why', async () => {
    const server = await scriptedServer(() =>
      registryError(400, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry'),
    );
    const error = await failing(repositoryOf(server).putManifest(manifest));
    expect(error.message).toContain('MANIFEST_BLOB_UNKNOWN: blob unknown to registry');
  });
});

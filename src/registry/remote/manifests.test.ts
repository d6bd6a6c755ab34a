import { describe, expect, test } from 'vitest';
import { digestOf, mediaTypes } from '../../oci/index.ts';
import { registryError, scriptedServer } from '../http/scripted-server.test-support.ts';
import { failing, repositoryOf } from './client.test-support.ts';

const bytes = Buffer.from('{"schemaVersion":2,"manifests":[]}\n');
const digest = digestOf(bytes);
const sha512 = digestOf(bytes, 'sha512');
const other = digestOf(Buffer.from('other'));
const types = { 'content-type': mediaTypes.ociIndex };

describe('reading a manifest', () => {
  test('by tag, it is checked against the announced digest', async () => {
    const server = await scriptedServer(() => ({
      headers: { ...types, 'docker-content-digest': digest },
      body: bytes,
    }));
    const manifest = await repositoryOf(server).manifest('1.0');
    expect(manifest).toEqual({ mediaType: mediaTypes.ociIndex, digest, bytes });
    expect(server.lines()).toEqual(['GET /v2/team/app/manifests/1.0']);
  });

  test('field 4: an OCI-only registry, which refuses Docker types alone, works', async () => {
    const server = await scriptedServer(({ headers }) =>
      String(headers.accept).includes(mediaTypes.ociIndex)
        ? { headers: types, body: bytes }
        : registryError(
            404,
            'MANIFEST_UNKNOWN',
            'OCI index found, but Accept header does not support OCI indexes',
          ),
    );
    expect((await repositoryOf(server).manifest('1.0')).digest).toBe(digest);
  });

  test('all four media types are accepted', async () => {
    const server = await scriptedServer(() => ({ headers: types, body: bytes }));
    await repositoryOf(server).manifest('1.0');
    expect(server.seen[0]!.headers.accept!.split(', ').sort()).toEqual(
      [mediaTypes.ociIndex, mediaTypes.dockerList, mediaTypes.ociManifest, mediaTypes.dockerManifest].sort(),
    );
  });

  test('without an announced digest it is computed', async () => {
    const server = await scriptedServer(() => ({ headers: types, body: bytes }));
    expect((await repositoryOf(server).manifest('1.0')).digest).toBe(digest);
  });

  test('an announced digest of another algorithm is left alone', async () => {
    const headers = { ...types, 'docker-content-digest': `sha384:${'a'.repeat(96)}` };
    const server = await scriptedServer(() => ({ headers, body: bytes }));
    expect((await repositoryOf(server).manifest('1.0')).digest).toBe(digest);
  });

  test('by digest, of either algorithm', async () => {
    const server = await scriptedServer(() => ({ headers: types, body: bytes }));
    expect((await repositoryOf(server).manifest(digest)).digest).toBe(digest);
    expect((await repositoryOf(server).manifest(sha512)).digest).toBe(sha512);
    expect(server.lines()).toEqual([
      `GET /v2/team/app/manifests/${digest}`,
      `GET /v2/team/app/manifests/${sha512}`,
    ]);
  });

  test('a wrong Content-Type is a hint only', async () => {
    const server = await scriptedServer(() => ({ headers: { 'content-type': 'text/plain' }, body: bytes }));
    expect(await repositoryOf(server).manifest('1.0')).toMatchObject({ mediaType: 'text/plain', digest });
  });

  test.each([
    ['asked for', other, {}],
    ['announced for a tag', '1.0', { 'docker-content-digest': other }],
  ])('content of another digest than %s is malformed', async (_what, target, headers) => {
    const server = await scriptedServer(() => ({ headers: { ...types, ...headers }, body: bytes }));
    const error = await failing(repositoryOf(server).manifest(target));
    expect(error.reason).toBe('malformed');
    expect(error.facts).toMatchObject({ expected: other, actual: digest });
  });

  test('a digest asked for decides, whatever the header says', async () => {
    const headers = { ...types, 'docker-content-digest': other };
    const server = await scriptedServer(() => ({ headers, body: bytes }));
    expect((await repositoryOf(server).manifest(digest)).digest).toBe(digest);
  });

  test('schema 1, whose digest leaves the signatures out, can be read by tag', async () => {
    const headers = { 'content-type': mediaTypes.dockerSchema1Signed, 'docker-content-digest': other };
    const server = await scriptedServer(() => ({ headers, body: bytes }));
    expect((await repositoryOf(server).manifest('1.0')).digest).toBe(digest);
  });

  test.each(['<html>Sign in</html>', '', '   ', '[]'])('a 200 with %j is malformed', async (body) => {
    const server = await scriptedServer(() => ({ headers: { 'content-type': 'text/html' }, body }));
    const error = await failing(repositoryOf(server).manifest('1.0'));
    expect(error.reason).toBe('malformed');
    expect(error.hint).toContain('login page');
  });

  test('field 30: a manifest over 4 MiB is refused with the limit named', async () => {
    const server = await scriptedServer(() => ({
      headers: types,
      body: Buffer.alloc(4 * 1024 * 1024 + 1, '{'),
    }));
    const error = await failing(repositoryOf(server).manifest('1.0'));
    expect(error.reason).toBe('malformed');
    expect(error.message).toContain('4194304');
  });

  test.each([
    [404, 'MANIFEST_UNKNOWN', 'not-found'],
    [404, 'NAME_UNKNOWN', 'not-found'],
    [403, 'DENIED', 'unauthorized'],
    [405, 'UNSUPPORTED', 'unsupported'],
    [500, 'UNKNOWN', 'network'],
  ])('%s %s is %s', async (status, code, reason) => {
    const server = await scriptedServer(() => registryError(status, code));
    const error = await failing(repositoryOf(server).manifest('1.0'));
    expect(error).toMatchObject({
      reason,
      request: { status, registryCode: code, repository: `${server.host}/team/app` },
    });
    expect(error.message).toContain(`${server.host}/team/app:1.0`);
  });
});

describe('resolving', () => {
  const head = (headers: Record<string, string>) => scriptedServer(() => ({ headers, body: bytes }));

  test('a HEAD gives digest, type and size', async () => {
    const server = await head({ ...types, 'docker-content-digest': digest });
    expect(await repositoryOf(server).resolve('1.0')).toEqual({
      digest,
      mediaType: mediaTypes.ociIndex,
      size: bytes.length,
    });
    expect(server.lines()).toEqual(['HEAD /v2/team/app/manifests/1.0']);
  });

  test.each([undefined, '', 'sha256:short', `md5:${'a'.repeat(32)}`, `sha256:${'A'.repeat(64)}`])(
    'a digest of %j is none',
    async (announced) => {
      const server = await head(announced === undefined ? {} : { 'docker-content-digest': announced });
      expect(await repositoryOf(server).resolve('1.0')).toBeUndefined();
    },
  );

  test('a digest resolves to itself where the registry has it', async () => {
    const server = await head({});
    expect(await repositoryOf(server).resolve(digest)).toMatchObject({ digest });
  });

  test('a digest that answers with another one is malformed', async () => {
    const server = await head({ 'docker-content-digest': other });
    expect((await failing(repositoryOf(server).resolve(digest))).reason).toBe('malformed');
  });

  test.each([400, 405, 501])('a registry that refuses HEAD with %s gives no answer', async (status) => {
    const server = await scriptedServer(() => ({ status }));
    expect(await repositoryOf(server).resolve('1.0')).toBeUndefined();
  });

  test.each([
    [404, 'not-found'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [500, 'network'],
  ])('%s is %s', async (status, reason) => {
    const server = await scriptedServer(() => ({ status }));
    expect((await failing(repositoryOf(server).resolve('1.0'))).reason).toBe(reason);
  });
});

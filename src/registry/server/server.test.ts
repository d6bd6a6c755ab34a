import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { request as nodeRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type Dispatcher, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Descriptor, digestOf, mediaTypes } from '../../oci/index.ts';
import { openLayout } from '../layout/layout.ts';
import {
  collect,
  config,
  described,
  imageManifest,
  indexOf,
  layer,
  listed,
  type ManifestParts,
  putImage,
  repositoryContract,
} from '../layout/repository-contract.test-support.ts';
import { createRegistryClient } from '../remote/client.ts';
import { type RegistryOptions, type RunningRegistry, startRegistry } from './start-registry.ts';

let directory: string;
let registry: RunningRegistry;
let agent: Agent;

async function start(options: Partial<RegistryOptions> = {}): Promise<void> {
  await registry?.close();
  registry = await startRegistry({ directory, ...options });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-'));
  agent = new Agent();
  await start();
});
afterEach(async () => {
  await registry.close();
  await agent.destroy();
  await rm(directory, { recursive: true, force: true });
});

repositoryContract('a remote repository of the embedded registry', async () => {
  const own = await mkdtemp(join(tmpdir(), 'registry-'));
  const server = await startRegistry({ directory: own });
  const client = createRegistryClient();
  const repository = client.repository({ registry: server.host, repository: 'team/app' });
  return {
    writer: repository,
    reader: () => Promise.resolve(repository),
    async dispose() {
      await client.close();
      await server.close();
      await rm(own, { recursive: true, force: true });
    },
  };
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | undefined>;
  readonly body: Buffer;
}

interface AskOptions {
  readonly body?: Buffer | string | AsyncIterable<Uint8Array>;
  readonly headers?: Record<string, string>;
}

async function ask(method: string, path: string, options: AskOptions = {}): Promise<Answer> {
  const answer = await request(new URL(path, registry.url), {
    method: method as Dispatcher.HttpMethod,
    dispatcher: agent,
    ...options,
  } as Parameters<typeof request>[1]);
  return {
    status: answer.statusCode,
    headers: answer.headers as Record<string, string | undefined>,
    body: Buffer.from(await answer.body.arrayBuffer()),
  };
}

function json(answer: Answer): unknown {
  return JSON.parse(answer.body.toString());
}

function codeOf(answer: Answer): string {
  return (json(answer) as { errors: { code: string }[] }).errors[0]?.code ?? '';
}

async function pushBlob(name: string, content: Buffer): Promise<Descriptor> {
  const descriptor = described(content);
  const answer = await ask('POST', `/v2/${name}/blobs/uploads/?digest=${descriptor.digest}`, {
    body: content,
  });
  expect(answer.status).toBe(201);
  return descriptor;
}

async function pushManifest(
  name: string,
  reference: string,
  body: Buffer,
  type: string = mediaTypes.ociManifest,
) {
  return ask('PUT', `/v2/${name}/manifests/${reference}`, { body, headers: { 'content-type': type } });
}

async function pushImage(name: string, tag: string, parts: ManifestParts = {}): Promise<Descriptor> {
  await pushBlob(name, config);
  await pushBlob(name, layer);
  const bytes = imageManifest(parts);
  expect((await pushManifest(name, tag, bytes)).status).toBe(201);
  return described(bytes, mediaTypes.ociManifest);
}

describe('determining support', () => {
  test('GET /v2/ is 200 with the API version, with and without the slash', async () => {
    for (const path of ['/v2/', '/v2']) {
      const answer = await ask('GET', path);
      expect(answer.status).toBe(200);
      expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0');
    }
  });

  test('what is no endpoint is 404, another method 405 with what is allowed', async () => {
    for (const path of ['/', '/v1/', '/v2/a', '/v2/a/b', '/v2/a/tags', '/%zz', '/token'])
      expect((await ask('GET', path)).status, path).toBe(404);
    expect(await ask('POST', '/v2/')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect((await ask('POST', '/v2/a/manifests/b')).status).toBe(405);
    expect((await ask('GET', '/v2/a/blobs/uploads/')).status).toBe(405);
    expect((await ask('PUT', `/v2/a/blobs/${digestOf(config)}`)).status).toBe(405);
    expect((await ask('DELETE', '/v2/a/tags/list')).status).toBe(405);
  });
});

describe('names', () => {
  test.each([
    'UPPER',
    'a//b',
    '-a',
    'a..b',
    'a___b',
    '..',
    'a/../b',
    '%2e%2e/a',
    'a%2F..%2Fb',
    'a'.repeat(256),
    '.hidden',
    '_uploads',
  ])('%s is no repository: 400 NAME_INVALID', async (name) => {
    // By node:http, which sends the path as it stands; a URL would be normalised.
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const { hostname, port } = new URL(registry.url);
      nodeRequest({ hostname, port, path: `/v2/${name}/tags/list` }, (response) => {
        collect(response).then(
          (bytes) => resolve({ status: response.statusCode ?? 0, body: bytes.toString() }),
          reject,
        );
      })
        .on('error', reject)
        .end();
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('NAME_INVALID');
    expect(await readdir(directory)).toEqual(['_uploads']);
  });

  test('a repository may have the words of the API and of the layout in its name', async () => {
    for (const name of [
      'blobs',
      'index.json',
      'a/manifests/b',
      'a/blobs/sha256',
      'a',
      'a/oci-layout',
      'a/tags/list',
    ]) {
      const image = await pushImage(name, 'v1', { annotations: { name } });
      expect((await ask('GET', `/v2/${name}/manifests/v1`)).headers['docker-content-digest']).toBe(
        image.digest,
      );
    }
    const { repositories } = json(await ask('GET', '/v2/_catalog')) as { repositories: string[] };
    expect(repositories).toEqual([
      'a',
      'a/blobs/sha256',
      'a/manifests/b',
      'a/oci-layout',
      'a/tags/list',
      'blobs',
      'index.json',
    ]);
  });
});

describe('pulling', () => {
  test('a manifest is served as stored, whatever is accepted', async () => {
    const image = await pushImage('app', 'v1');
    for (const reference of ['v1', image.digest]) {
      for (const accept of ['*/*', mediaTypes.dockerManifest, 'text/plain']) {
        const answer = await ask('GET', `/v2/app/manifests/${reference}`, { headers: { accept } });
        expect(answer.status).toBe(200);
        expect(answer.body.equals(imageManifest())).toBe(true);
        expect(answer.headers).toMatchObject({
          'content-type': mediaTypes.ociManifest,
          'docker-content-digest': image.digest,
          'content-length': String(image.size),
        });
      }
      const head = await ask('HEAD', `/v2/app/manifests/${reference}`);
      expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(image.size) } });
      expect(head.body).toHaveLength(0);
    }
  });

  test('a manifest the client has already is 304', async () => {
    const image = await pushImage('app', 'v1');
    const headers = { 'if-none-match': `"${image.digest}"` };
    expect((await ask('GET', '/v2/app/manifests/v1', { headers })).status).toBe(304);
  });

  test('what is not there is 404 with its code', async () => {
    await pushImage('app', 'v1');
    const absent = digestOf(Buffer.from('absent'));
    const codes: Record<string, string> = {
      '/v2/app/manifests/v2': 'MANIFEST_UNKNOWN',
      '/v2/app/manifests/.not-a-tag': 'MANIFEST_UNKNOWN',
      [`/v2/app/manifests/${absent}`]: 'MANIFEST_UNKNOWN',
      [`/v2/app/manifests/${digestOf(config)}`]: 'MANIFEST_UNKNOWN',
      [`/v2/app/blobs/${absent}`]: 'BLOB_UNKNOWN',
      '/v2/other/manifests/v1': 'NAME_UNKNOWN',
      '/v2/other/tags/list': 'NAME_UNKNOWN',
      [`/v2/other/blobs/${absent}`]: 'NAME_UNKNOWN',
    };
    for (const [path, code] of Object.entries(codes)) {
      const answer = await ask('GET', path);
      expect([answer.status, codeOf(answer)], path).toEqual([404, code]);
      expect((await ask('HEAD', path)).status).toBe(404);
    }
  });

  test('a blob is seen only in the repository it was pushed to', async () => {
    await pushBlob('one', layer);
    await pushBlob('two', config);
    expect((await ask('GET', `/v2/two/blobs/${digestOf(layer)}`)).status).toBe(404);
  });

  test('a digest that is none is 400', async () => {
    for (const digest of ['sha256:abc', `md5:${'a'.repeat(32)}`, 'nothing']) {
      const answer = await ask('GET', `/v2/app/blobs/${digest}`);
      expect([answer.status, codeOf(answer)], digest).toEqual([400, 'DIGEST_INVALID']);
    }
  });

  const content = Buffer.from('0123456789');
  test.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=4-', '456789', 'bytes 4-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
    ['bytes=-100', '0123456789', 'bytes 0-9/10'],
  ])('the range %s of a blob is 206', async (range, expected, contentRange) => {
    const { digest } = await pushBlob('app', content);
    const answer = await ask('GET', `/v2/app/blobs/${digest}`, { headers: { range } });
    expect(answer.status).toBe(206);
    expect(answer.body.toString()).toBe(expected);
    expect(answer.headers).toMatchObject({
      'content-range': contentRange,
      'content-length': String(expected.length),
    });
  });

  test('a range outside is 416, one that is not understood gives the whole', async () => {
    const { digest } = await pushBlob('app', content);
    for (const range of ['bytes=10-', 'bytes=5-2', 'bytes=100-200', 'bytes=-0'])
      expect(await ask('GET', `/v2/app/blobs/${digest}`, { headers: { range } }), range).toMatchObject({
        status: 416,
        headers: { 'content-range': 'bytes */10' },
      });
    for (const range of ['lines=1-2', 'bytes=0-1,3-4', 'bytes=-', 'bytes=a-b'])
      expect((await ask('GET', `/v2/app/blobs/${digest}`, { headers: { range } })).status, range).toBe(200);
  });

  test('HEAD of a blob has its size and no body', async () => {
    const { digest } = await pushBlob('app', content);
    const answer = await ask('HEAD', `/v2/app/blobs/${digest}`);
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-length': '10', 'docker-content-digest': digest, 'accept-ranges': 'bytes' },
    });
  });
});

describe('pushing a blob', () => {
  const begin = async (name = 'app') => {
    const answer = await ask('POST', `/v2/${name}/blobs/uploads/`);
    expect(answer).toMatchObject({ status: 202, headers: { range: '0-0' } });
    return answer.headers['location'] ?? '';
  };
  const parts = [layer.subarray(0, 1000), layer.subarray(1000, 5000), layer.subarray(5000)] as const;

  test('POST then PUT', async () => {
    const location = await begin();
    const answer = await ask('PUT', `${location}?digest=${digestOf(layer)}`, { body: layer });
    expect(answer).toMatchObject({
      status: 201,
      headers: { location: `/v2/app/blobs/${digestOf(layer)}`, 'docker-content-digest': digestOf(layer) },
    });
    expect((await ask('GET', answer.headers['location'] ?? '')).body.equals(layer)).toBe(true);
    expect((await ask('GET', location)).status).toBe(404);
  });

  test('in chunks, the last with PATCH or with PUT', async () => {
    for (const last of ['PATCH', 'PUT']) {
      const location = await begin(last.toLowerCase());
      let offset = 0;
      for (const [index, part] of parts.entries()) {
        const range = `${offset}-${offset + part.length - 1}`;
        offset += part.length;
        const final = index === 2 && last === 'PUT';
        const answer = await ask(
          final ? 'PUT' : 'PATCH',
          final ? `${location}?digest=${digestOf(layer)}` : location,
          {
            body: Buffer.from(part),
            headers: { 'content-range': range },
          },
        );
        expect(answer.status).toBe(final ? 201 : 202);
        if (!final) expect(answer.headers['range']).toBe(`0-${offset - 1}`);
      }
      if (last === 'PATCH')
        expect((await ask('PUT', `${location}?digest=${digestOf(layer)}`)).status).toBe(201);
      expect((await ask('HEAD', `/v2/${last.toLowerCase()}/blobs/${digestOf(layer)}`)).status).toBe(200);
    }
  });

  test('a stream without length or range', async () => {
    const location = await begin();
    const body = (async function* () {
      for (const part of parts) yield part;
    })();
    expect(await ask('PATCH', location, { body })).toMatchObject({
      status: 202,
      headers: { range: `0-${layer.length - 1}` },
    });
    expect((await ask('PUT', `${location}?digest=${digestOf(layer)}`)).status).toBe(201);
  });

  test('a chunk out of order is 416 and tells how far the upload is; it goes on from there', async () => {
    const location = await begin();
    await ask('PATCH', location, { body: Buffer.from(parts[0]), headers: { 'content-range': '0-999' } });
    for (const range of ['2000-5999', '0-3999', '999-4998']) {
      const body = Buffer.from(parts[1]);
      const answer = await ask('PATCH', location, { body, headers: { 'content-range': range } });
      expect(answer).toMatchObject({ status: 416, headers: { location, range: '0-999' } });
    }
    expect(await ask('GET', location)).toMatchObject({ status: 204, headers: { location, range: '0-999' } });
    const rest = await ask('PUT', `${location}?digest=${digestOf(layer)}`, { body: layer.subarray(1000) });
    expect(rest.status).toBe(201);
  });

  test('a Content-Range that is none, or of another length than the body, is 400', async () => {
    const location = await begin();
    for (const range of ['abc', '5-1', '0-5'])
      expect(
        (await ask('PATCH', location, { body: Buffer.alloc(10), headers: { 'content-range': range } }))
          .status,
        range,
      ).toBe(400);
    expect((await ask('GET', location)).headers['range']).toBe('0-0');
  });

  test('the wrong digest is 400, and nothing is kept', async () => {
    const wrong = digestOf(Buffer.from('wrong'));
    const post = await ask('POST', `/v2/app/blobs/uploads/?digest=${wrong}`, { body: layer });
    const put = await ask('PUT', `${await begin()}?digest=${wrong}`, { body: layer });
    for (const answer of [post, put])
      expect([answer.status, codeOf(answer)]).toEqual([400, 'DIGEST_INVALID']);
    expect((await ask('HEAD', `/v2/app/blobs/${wrong}`)).status).toBe(404);
    expect(await readdir(join(directory, '_uploads'))).toEqual([]);
  });

  test('PUT without a digest, or with one that is none, is 400 and the upload stays', async () => {
    const location = await begin();
    expect((await ask('PUT', location)).status).toBe(400);
    expect((await ask('PUT', `${location}?digest=sha256:1`)).status).toBe(400);
    expect((await ask('GET', location)).status).toBe(204);
  });

  test('sha512 is a digest as well', async () => {
    const digest = `sha512:${createHash('sha512').update(layer).digest('hex')}`;
    expect((await ask('POST', `/v2/app/blobs/uploads/?digest=${digest}`, { body: layer })).status).toBe(201);
    expect((await ask('GET', `/v2/app/blobs/${digest}`)).body.equals(layer)).toBe(true);
  });

  test('an upload can be cancelled, and belongs to its repository', async () => {
    const location = await begin();
    expect((await ask('GET', location.replace('/app/', '/other/'))).status).toBe(404);
    expect((await ask('DELETE', location)).status).toBe(204);
    const answer = await ask('PATCH', location, { body: layer });
    expect([answer.status, codeOf(answer)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    expect(await readdir(join(directory, '_uploads'))).toEqual([]);
  });

  test('two requests cannot write to one upload at once', async () => {
    const location = await begin();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const body = (async function* () {
      yield layer.subarray(0, 1000);
      await gate;
    })();
    const first = ask('PATCH', location, { body });
    await expect.poll(async () => (await ask('GET', location)).headers['range']).toBe('0-999');
    expect((await ask('PATCH', location, { body: 'x' })).status).toBe(409);
    release();
    expect((await first).status).toBe(202);
  });

  test('an upload whose client goes away can be continued', async () => {
    const location = await begin();
    const { hostname, port } = new URL(registry.url);
    const socket = connect(Number(port), hostname);
    socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: ${layer.length}\r\n\r\n`);
    socket.write(layer.subarray(0, 1000));
    await expect.poll(async () => (await ask('GET', location)).headers['range']).toBe('0-999');
    socket.destroy();
    await expect
      .poll(
        async () =>
          (await ask('PUT', `${location}?digest=${digestOf(layer)}`, { body: layer.subarray(1000) })).status,
      )
      .toBe(201);
  });

  test('a blob over the limit is 413, announced or not, and nothing is kept', async () => {
    await start({ maxBlobBytes: 1000 });
    const stream = (async function* () {
      for (let index = 0; index < 20; index++) yield Buffer.alloc(100);
    })();
    const digest = digestOf(layer);
    expect((await ask('POST', `/v2/app/blobs/uploads/?digest=${digest}`, { body: layer })).status).toBe(413);
    expect((await ask('PATCH', await begin(), { body: stream })).status).toBe(413);
    expect(await readdir(join(directory, '_uploads'))).toEqual([]);
  });

  test('a blob is mounted from where it is, and uploaded where it is not', async () => {
    const { digest } = await pushBlob('from/here', layer);
    const mounted = await ask('POST', `/v2/to/there/blobs/uploads/?mount=${digest}&from=from/here`);
    expect(mounted).toMatchObject({ status: 201, headers: { location: `/v2/to/there/blobs/${digest}` } });
    expect((await ask('GET', `/v2/to/there/blobs/${digest}`)).body.equals(layer)).toBe(true);
    expect((await ask('POST', `/v2/any/blobs/uploads/?mount=${digest}`)).status).toBe(201);
    for (const query of [
      `mount=${digest}&from=nowhere`,
      `mount=${digest}&from=../x`,
      `mount=${digestOf(config)}&from=from/here`,
    ])
      expect((await ask('POST', `/v2/new/blobs/uploads/?${query}`)).status, query).toBe(202);
    await ask('DELETE', `/v2/from/here/blobs/${digest}`);
    expect((await ask('GET', `/v2/to/there/blobs/${digest}`)).status).toBe(200);
  });
});

describe('pushing a manifest', () => {
  test('201 with its place and digest; by tag, by digest, and again', async () => {
    const image = await pushImage('app', 'v1');
    for (const reference of ['v1', 'v2', image.digest]) {
      const answer = await pushManifest('app', reference, imageManifest());
      expect(answer).toMatchObject({
        status: 201,
        headers: { location: `/v2/app/manifests/${image.digest}`, 'docker-content-digest': image.digest },
      });
    }
  });

  test('a digest that is not the content’s is 400', async () => {
    await pushImage('app', 'v1');
    const answer = await pushManifest('app', digestOf(Buffer.from('x')), imageManifest());
    expect([answer.status, codeOf(answer)]).toEqual([400, 'DIGEST_INVALID']);
  });

  test('sha512 by digest', async () => {
    await pushImage('app', 'v1');
    const digest = digestOf(imageManifest(), 'sha512');
    expect((await pushManifest('app', digest, imageManifest())).status).toBe(201);
    expect((await ask('GET', `/v2/app/manifests/${digest}`)).body.equals(imageManifest())).toBe(true);
  });

  test('blobs that are not there are named: MANIFEST_BLOB_UNKNOWN, and no repository comes of it', async () => {
    const answer = await pushManifest('app', 'v1', imageManifest());
    expect([answer.status, codeOf(answer)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect(answer.body.toString()).toContain(digestOf(config));
    expect((await ask('GET', '/v2/app/tags/list')).status).toBe(404);
  });

  test('an index needs its images, unless sparse indexes are allowed', async () => {
    const absent = described(Buffer.from('absent'), mediaTypes.ociManifest);
    const push = () => pushManifest('app', 'all', indexOf(absent), mediaTypes.ociIndex);
    expect(codeOf(await push())).toBe('MANIFEST_BLOB_UNKNOWN');
    await start({ sparseIndexes: true });
    expect((await push()).status).toBe(201);
  });

  test('layers that may not be distributed need not be there', async () => {
    await pushBlob('app', config);
    const foreign = described(Buffer.from('w'), 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip');
    expect((await pushManifest('app', 'v1', imageManifest({ layers: [foreign] }))).status).toBe(201);
  });

  test.each([
    ['no JSON', Buffer.from('{'), mediaTypes.ociManifest],
    ['no manifest', Buffer.from('{}'), mediaTypes.ociManifest],
    ['another type than the header says', imageManifest(), mediaTypes.dockerManifest],
    [
      'a descriptor without a digest',
      imageManifest({ layers: [{ size: 1 } as Descriptor] }),
      mediaTypes.ociManifest,
    ],
  ])('%s is 400 MANIFEST_INVALID', async (_name, body, type) => {
    await pushBlob('app', config);
    await pushBlob('app', layer);
    const answer = await pushManifest('app', 'v1', body, type);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'MANIFEST_INVALID']);
  });

  test('parameters of the Content-Type, and its absence, are no matter', async () => {
    await pushImage('app', 'v1');
    expect(
      (await pushManifest('app', 'v1', imageManifest(), `${mediaTypes.ociManifest}; charset=utf-8`)).status,
    ).toBe(201);
    expect((await ask('PUT', '/v2/app/manifests/v1', { body: imageManifest() })).status).toBe(201);
    expect((await ask('GET', '/v2/app/manifests/v1')).headers['content-type']).toBe(mediaTypes.ociManifest);
  });

  test('a wrong tag is 400', async () => {
    await pushImage('app', 'v1');
    for (const tag of ['-a', 'a'.repeat(129), 'sha256:12', 'a%00b'])
      expect((await pushManifest('app', tag, imageManifest())).status, tag).toBe(400);
  });

  test('4 MiB are taken, more is 413', async () => {
    await pushBlob('app', config);
    const size = 4 * 1024 * 1024;
    const padded = (length: number) => {
      const bytes = imageManifest({ layers: [] });
      return Buffer.concat([bytes, Buffer.alloc(length - bytes.length, ' ')]);
    };
    expect((await pushManifest('app', 'v1', padded(size))).status).toBe(201);
    expect((await pushManifest('app', 'v2', padded(size + 1))).status).toBe(413);
    const stream = (async function* () {
      for (let index = 0; index < 5; index++) yield Buffer.alloc(1024 * 1024, ' ');
    })();
    expect((await ask('PUT', '/v2/app/manifests/v3', { body: stream })).status).toBe(413);
  });

  test('a push by digest may name tags in its query', async () => {
    const image = await pushImage('app', 'v1');
    const answer = await pushManifest('app', `${image.digest}?tag=a&tag=b`, imageManifest());
    expect(answer).toMatchObject({ status: 201, headers: { 'oci-tag': 'a, b' } });
    expect(json(await ask('GET', '/v2/app/tags/list'))).toEqual({ name: 'app', tags: ['a', 'b', 'v1'] });
  });

  test('schema 1 is stored as it is, for those who must recognise it', async () => {
    const bytes = Buffer.from('{"schemaVersion":1,"architecture":"amd64","fsLayers":[]}');
    expect((await pushManifest('app', 'old', bytes, mediaTypes.dockerSchema1Signed)).status).toBe(201);
    const answer = await ask('GET', '/v2/app/manifests/old');
    expect(answer.body.equals(bytes)).toBe(true);
  });
});

describe('listing', () => {
  const tags = ['Alpha', 'alpha', 'beta', 'v1', 'v10', 'v2'];
  beforeEach(async () => {
    await pushImage('app', 'v2');
    for (const tag of ['v10', 'Alpha', 'v1', 'beta', 'alpha'])
      await pushManifest('app', tag, imageManifest());
  });
  const list = async (query: string) => {
    const answer = await ask('GET', `/v2/app/tags/list${query}`);
    return { tags: (json(answer) as { tags: string[] }).tags, link: answer.headers['link'] };
  };

  test('tags are in lexical order, whatever their case', async () => {
    expect(await list('')).toEqual({ tags, link: undefined });
  });

  test('n and last page through, with a Link until the end', async () => {
    expect(await list('?n=2')).toEqual({
      tags: ['Alpha', 'alpha'],
      link: '</v2/app/tags/list?last=alpha&n=2>; rel="next"',
    });
    expect((await list('?n=2&last=alpha')).tags).toEqual(['beta', 'v1']);
    expect(await list('?n=2&last=v1')).toEqual({ tags: ['v10', 'v2'], link: undefined });
    expect((await list('?last=beta')).tags).toEqual(['v1', 'v10', 'v2']);
    expect((await list('?last=betb')).tags).toEqual(['v1', 'v10', 'v2']);
    expect(await list('?n=0')).toEqual({ tags: [], link: undefined });
    for (const wrong of ['-1', 'x', '1e3'])
      expect((await ask('GET', `/v2/app/tags/list?n=${wrong}`)).status).toBe(400);
  });

  test('the registry’s own page size holds where it is smaller', async () => {
    await start({ pageSize: 4 });
    expect((await list('')).tags).toHaveLength(4);
    expect((await list('?n=100')).link).toContain('last=v1');
    const client = createRegistryClient();
    const all = await listed(client.repository({ registry: registry.host, repository: 'app' }).tags());
    await client.close();
    expect(all).toEqual(tags);
  });

  test('the catalog pages as well', async () => {
    for (const name of ['b', 'a/c', 'a']) await pushImage(name, 'v1');
    expect(json(await ask('GET', '/v2/_catalog'))).toEqual({ repositories: ['a', 'a/c', 'app', 'b'] });
    const page = await ask('GET', '/v2/_catalog?n=2&last=a');
    expect(json(page)).toEqual({ repositories: ['a/c', 'app'] });
    expect(page.headers['link']).toBe('</v2/_catalog?last=app&n=2>; rel="next"');
  });
});

describe('referrers', () => {
  test('OCI-Subject on push; the list by subject, before the subject itself is there', async () => {
    const subject = described(imageManifest(), mediaTypes.ociManifest);
    await pushBlob('app', config);
    const bytes = imageManifest({
      subject,
      layers: [],
      artifactType: 'application/x.sbom',
      annotations: { a: 'b' },
    });
    const pushed = await pushManifest('app', digestOf(bytes), bytes);
    expect(pushed.headers['oci-subject']).toBe(subject.digest);
    const answer = await ask('GET', `/v2/app/referrers/${subject.digest}`);
    expect(answer.headers['content-type']).toBe(mediaTypes.ociIndex);
    expect(answer.headers['oci-filters-applied']).toBeUndefined();
    const entry = {
      mediaType: mediaTypes.ociManifest,
      digest: digestOf(bytes),
      size: bytes.length,
      artifactType: 'application/x.sbom',
      annotations: { a: 'b' },
    };
    expect(json(answer)).toEqual({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [entry] });
    const other = await ask('GET', `/v2/app/referrers/${subject.digest}?artifactType=application/other`);
    expect(other.headers['oci-filters-applied']).toBe('artifactType');
    expect(json(other)).toMatchObject({ manifests: [] });
    await ask('DELETE', `/v2/app/manifests/${digestOf(bytes)}`);
    expect(json(await ask('GET', `/v2/app/referrers/${subject.digest}`))).toMatchObject({ manifests: [] });
  });

  test('an unknown subject or repository is an empty list, a digest that is none is 400', async () => {
    const absent = digestOf(Buffer.from('absent'));
    expect(await ask('GET', `/v2/nowhere/referrers/${absent}`)).toMatchObject({ status: 200 });
    expect((await ask('GET', '/v2/app/referrers/latest')).status).toBe(400);
  });

  test('an index can be a referrer, without an artifact type of its own', async () => {
    const subject = await pushImage('app', 'v1');
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [], subject }),
    );
    await pushManifest('app', 'list', bytes, mediaTypes.ociIndex);
    const { manifests } = json(await ask('GET', `/v2/app/referrers/${subject.digest}`)) as {
      manifests: object[];
    };
    expect(manifests).toEqual([
      { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), size: bytes.length },
    ]);
  });
});

describe('deleting', () => {
  test('a tag goes, its manifest and other tags stay', async () => {
    const image = await pushImage('app', 'v1');
    await pushManifest('app', 'v2', imageManifest());
    expect((await ask('DELETE', '/v2/app/manifests/v1')).status).toBe(202);
    expect((await ask('GET', '/v2/app/manifests/v1')).status).toBe(404);
    expect((await ask('GET', '/v2/app/manifests/v2')).status).toBe(200);
    expect((await ask('DELETE', '/v2/app/manifests/v2')).status).toBe(202);
    expect((await ask('GET', `/v2/app/manifests/${image.digest}`)).status).toBe(200);
    expect((await ask('DELETE', '/v2/app/manifests/v2')).status).toBe(404);
  });

  test('a manifest goes with all its tags', async () => {
    const image = await pushImage('app', 'v1');
    await pushManifest('app', 'v2', imageManifest());
    expect((await ask('DELETE', `/v2/app/manifests/${image.digest}`)).status).toBe(202);
    for (const reference of ['v1', 'v2', image.digest])
      expect((await ask('GET', `/v2/app/manifests/${reference}`)).status).toBe(404);
    expect(json(await ask('GET', '/v2/app/tags/list'))).toEqual({ name: 'app', tags: [] });
    expect((await ask('DELETE', `/v2/app/manifests/${image.digest}`)).status).toBe(404);
    expect((await ask('DELETE', `/v2/none/manifests/${image.digest}`)).status).toBe(404);
  });

  test('a manifest that a tag has left can be pulled, and deleted, by digest', async () => {
    const first = await pushImage('app', 'v1');
    await pushImage('app', 'v1', { annotations: { build: '2' } });
    await start();
    expect((await ask('GET', `/v2/app/manifests/${first.digest}`)).status).toBe(200);
    expect((await ask('DELETE', `/v2/app/manifests/${first.digest}`)).status).toBe(202);
    expect((await ask('GET', '/v2/app/manifests/v1')).status).toBe(200);
  });

  test('a blob goes; a manifest is not deleted as a blob', async () => {
    const image = await pushImage('app', 'v1');
    expect((await ask('DELETE', `/v2/app/blobs/${digestOf(layer)}`)).status).toBe(202);
    expect((await ask('GET', `/v2/app/blobs/${digestOf(layer)}`)).status).toBe(404);
    expect((await ask('DELETE', `/v2/app/blobs/${digestOf(layer)}`)).status).toBe(404);
    expect((await ask('DELETE', `/v2/app/blobs/${image.digest}`)).status).toBe(405);
  });
});

describe('the folder', () => {
  test('a restarted server sees everything, and what was left of uploads is forgotten', async () => {
    const image = await pushImage('team/app', 'v1');
    const { headers } = await ask('POST', '/v2/team/app/blobs/uploads/');
    await start();
    expect((await ask('GET', '/v2/team/app/manifests/v1')).headers['docker-content-digest']).toBe(
      image.digest,
    );
    expect((await ask('GET', `/v2/team/app/blobs/${digestOf(layer)}`)).body.equals(layer)).toBe(true);
    expect((await ask('GET', headers['location'] ?? '')).status).toBe(404);
  });

  test('a repository is a layout that can be read, and written by others while the server runs', async () => {
    const first = await pushImage('team/app', 'v1');
    const layout = await openLayout(join(directory, 'team/app'));
    expect((await layout.manifest('v1')).digest).toBe(first.digest);
    const second = await putImage(layout, { tag: 'v1', annotations: { from: 'outside' } });
    expect((await ask('GET', '/v2/team/app/manifests/v1')).headers['docker-content-digest']).toBe(
      second.digest,
    );
    const untagged = await putImage(layout, { annotations: { in: 'an index' } });
    await layout.putManifest({ mediaType: mediaTypes.ociIndex, bytes: indexOf(untagged) }, { tag: 'all' });
    expect((await ask('GET', `/v2/team/app/manifests/${untagged.digest}`)).status).toBe(200);
  });

  test('what a killed server left in a repository is removed after a day', async () => {
    await pushImage('app', 'v1');
    for (const name of ['.incoming-old', '.incoming-new']) await writeFile(join(directory, 'app', name), 'x');
    await utimes(join(directory, 'app/.incoming-old'), 1, 1);
    await start();
    await ask('GET', '/v2/app/tags/list');
    expect((await readdir(join(directory, 'app'))).sort()).toEqual([
      '.incoming-new',
      'blobs',
      'index.json',
      'oci-layout',
    ]);
  });

  test('a manifest damaged on disk is 500, never served', async () => {
    const errors: unknown[] = [];
    await start({ onError: (error) => errors.push(error) });
    const image = await pushImage('app', 'v1');
    await writeFile(join(directory, 'app/blobs/sha256', image.digest.slice(7)), Buffer.alloc(image.size));
    const answer = await ask('GET', '/v2/app/manifests/v1');
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).not.toContain(directory);
    expect(errors).toHaveLength(1);
  });

  test('a hundred tags pushed at once are all there', async () => {
    await pushImage('app', 'v0');
    const tags = Array.from({ length: 100 }, (_, index) => `t${index}`);
    await Promise.all(tags.map((tag) => pushManifest('app', tag, imageManifest())));
    expect((json(await ask('GET', '/v2/app/tags/list')) as { tags: string[] }).tags).toHaveLength(101);
    const text = await readFile(join(directory, 'app/index.json'), 'utf8');
    expect((JSON.parse(text) as { manifests: unknown[] }).manifests).toHaveLength(101);
  });

  test('requests are logged before their answer is seen', async () => {
    const seen: string[] = [];
    await start({ onRequest: ({ method, path, status }) => seen.push(`${method} ${path} ${status}`) });
    await ask('GET', '/v2/');
    await ask('HEAD', '/v2/app/manifests/v1?x=1');
    expect(seen).toEqual(['GET /v2/ 200', 'HEAD /v2/app/manifests/v1?x=1 404']);
    expect(registry.requests).toMatchObject([{ status: 200 }, { method: 'HEAD', status: 404 }]);
  });
});

import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { isAbort, systemClock } from '../../core/index.ts';
import { digestOf } from '../../oci/index.ts';
import {
  registryError,
  type Script,
  type Seen,
  scriptedServer,
} from '../http/scripted-server.test-support.ts';
import { bytesOf, failing, repositoryOf } from './client.test-support.ts';

const small = Buffer.from('a small blob');
const large = randomBytes(3 * 1024 * 1024);

function nameOf(bytes: Uint8Array) {
  return { digest: digestOf(bytes), size: bytes.length };
}

function startOf(seen: Seen): number {
  return Number(/^bytes=(\d+)-$/.exec(seen.headers.range ?? '')?.[1] ?? '0');
}

/** Sends `content` from the asked byte on, and breaks the connection after `most` bytes. */
function partly(
  content: Buffer,
  response: ServerResponse,
  { start, most }: { start: number; most: number },
): undefined {
  const rest = content.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': String(rest.length),
    ...(start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
  });
  if (rest.length <= most) response.end(rest);
  else response.write(rest.subarray(0, most), () => setTimeout(() => response.destroy(), 5));
  return undefined;
}

describe.each([
  ['small', small],
  ['large', large],
])('a %s blob', (_name, content) => {
  test('streams and is checked', async () => {
    const server = await scriptedServer(() => ({ body: content }));
    expect(content.equals(await bytesOf(repositoryOf(server).blob(nameOf(content))))).toBe(true);
    expect(server.lines()).toEqual([`GET /v2/team/app/blobs/${digestOf(content)}`]);
  });

  test('with wrong content is malformed', async () => {
    const wrong = Buffer.from(content);
    wrong[0]! ^= 1;
    const server = await scriptedServer(() => ({ body: wrong }));
    expect((await failing(bytesOf(repositoryOf(server).blob(nameOf(content))))).reason).toBe('malformed');
    expect(server.seen).toHaveLength(1);
  });

  test('with more or fewer bytes is malformed', async () => {
    for (const body of [Buffer.concat([content, Buffer.from('x')]), content.subarray(1)]) {
      const server = await scriptedServer(() => ({ body }));
      expect((await failing(bytesOf(repositoryOf(server).blob(nameOf(content))))).reason).toBe('malformed');
    }
  });

  test('that is missing is not-found', async () => {
    const server = await scriptedServer(() => registryError(404, 'BLOB_UNKNOWN'));
    const error = await failing(bytesOf(repositoryOf(server).blob(nameOf(content))));
    expect(error.reason).toBe('not-found');
    expect(error.message).toContain('no such blob');
  });

  test('field 29: from object storage, Authorization stays behind', async () => {
    const storage = await scriptedServer(({ headers }) =>
      headers.authorization === undefined ? { body: content } : { status: 400 },
    );
    const server = await scriptedServer(({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }
        : { status: 307, headers: { location: `${storage.origin}/b?sig=1` } },
    );
    const credentials = { lookup: () => Promise.resolve({ username: 'u', password: 'p', source: 'test' }) };
    expect(content.equals(await bytesOf(repositoryOf(server, { credentials }).blob(nameOf(content))))).toBe(
      true,
    );
    expect(storage.seen[0]!.headers.authorization).toBeUndefined();
  });

  test('with a broken connection is read to its end', async () => {
    const server = await scriptedServer((seen, response, count) =>
      partly(content, response, {
        start: startOf(seen),
        most: count > 1 ? content.length : content.length / 2,
      }),
    );
    expect(content.equals(await bytesOf(repositoryOf(server).blob(nameOf(content))))).toBe(true);
    expect(server.seen).toHaveLength(2);
  });
});

describe('resuming', () => {
  test('continues where it broke, several times', async () => {
    const server = await scriptedServer((seen, response) =>
      partly(large, response, { start: startOf(seen), most: 1024 * 1024 }),
    );
    expect(large.equals(await bytesOf(repositoryOf(server).blob(nameOf(large))))).toBe(true);
    const starts = server.seen.map(startOf);
    expect(starts[0]).toBe(0);
    expect(starts.length).toBeGreaterThan(2);
    expect(starts).toEqual([...starts].sort((left, right) => left - right));
  });

  test('a registry that ignores Range starts over, and the bytes come once', async () => {
    const script: Script = (_seen, response, count) =>
      partly(large, response, { start: 0, most: count > 1 ? large.length : 1_500_000 });
    const server = await scriptedServer(script);
    expect(large.equals(await bytesOf(repositoryOf(server).blob(nameOf(large))))).toBe(true);
  });

  test('another range than the one asked for is malformed', async () => {
    const server = await scriptedServer((seen, response, count) => {
      if (count === 1) return partly(large, response, { start: 0, most: 1_500_000 });
      expect(startOf(seen)).toBeGreaterThan(0);
      return { status: 206, headers: { 'content-range': 'bytes 7-9/10' }, body: 'abc' };
    });
    expect((await failing(bytesOf(repositoryOf(server).blob(nameOf(large))))).reason).toBe('malformed');
  });

  test('a connection that always breaks ends as network', async () => {
    const server = await scriptedServer((seen, response) =>
      partly(large, response, { start: startOf(seen), most: 10 }),
    );
    expect((await failing(bytesOf(repositoryOf(server).blob(nameOf(large))))).reason).toBe('network');
    expect(server.seen).toHaveLength(6);
  });
});

test('a blob that drips ends in timeout', async () => {
  const server = await scriptedServer((_seen, response) => {
    response.writeHead(200, { 'content-length': String(large.length) });
    const timer = setInterval(() => response.write('x'), 10);
    response.on('close', () => clearInterval(timer));
    return undefined;
  });
  const repository = repositoryOf(server, { limits: { requestTimeout: 150 }, clock: systemClock });
  expect((await failing(bytesOf(repository.blob(nameOf(large))))).reason).toBe('timeout');
});

test('a reader that stops early lets go of the connection', async () => {
  const server = await scriptedServer(() => ({ body: large }));
  for await (const chunk of repositoryOf(server).blob(nameOf(large))) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
});

test('a blob that nobody reads is not asked for', async () => {
  const server = await scriptedServer(() => ({ body: large }));
  repositoryOf(server).blob(nameOf(large));
  await systemClock.sleep(10);
  expect(server.seen).toEqual([]);
});

test('an abort in the middle ends it', async () => {
  const controller = new AbortController();
  const server = await scriptedServer((_seen, response) => {
    response.writeHead(200, { 'content-length': String(large.length) });
    response.write(large.subarray(0, 1000));
    return undefined;
  });
  const read = async () => {
    for await (const _ of repositoryOf(server).blob(nameOf(large), { signal: controller.signal }))
      controller.abort();
  };
  const error = await read().catch((thrown: unknown) => thrown);
  expect(isAbort(error)).toBe(true);
});

test('many streams of one host flow at once, whatever its concurrency', async () => {
  const server = await scriptedServer(() => ({ body: large }));
  const repository = repositoryOf(server, { hosts: () => ({ maxConcurrency: 1 }) });
  const readers = Array.from({ length: 4 }, () => repository.blob(nameOf(large))[Symbol.asyncIterator]());
  // All four are open before any is read to its end.
  for (const reader of readers) expect((await reader.next()).done).toBe(false);
  for (const reader of readers) await reader.return!();
});

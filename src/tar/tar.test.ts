import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TarError } from './errors.ts';
import {
  type ReadTarOptions,
  readTar,
  type TarEntry,
  type TarInput,
  type TarMember,
  writeTar,
} from './index.ts';

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

type ReadEntry = Omit<TarEntry, 'body'> & { readonly content: Buffer };

async function readAll(
  bytes: Uint8Array,
  options: ReadTarOptions & { chunk?: number } = {},
): Promise<ReadEntry[]> {
  const entries: ReadEntry[] = [];
  for await (const { body, ...facts } of readTar(inChunks(bytes, options.chunk ?? 65_536), options))
    entries.push({ ...facts, content: await collect(body) });
  return entries;
}

async function failure(bytes: Uint8Array, options: ReadTarOptions = {}): Promise<TarError> {
  const thrown = await readAll(bytes, options).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(TarError);
  return thrown as TarError;
}

interface RawHeader {
  name?: string;
  type?: string;
  size?: number | Buffer;
  mtime?: Buffer;
  uid?: Buffer;
  magic?: string;
  link?: string;
}

/** A header block put together by hand, so that the reader is not only tested against our own writer. */
function header(fields: RawHeader): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.name ?? 'file', 0, 'latin1');
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  fields.uid?.copy(block, 108);
  block.write('0000000\0', 116);
  if (Buffer.isBuffer(fields.size)) fields.size.copy(block, 124);
  else block.write((fields.size ?? 0).toString(8).padStart(11, '0'), 124);
  block.write('00000000000\0', 136);
  fields.mtime?.copy(block, 136);
  block.write(fields.type ?? '0', 156, 'latin1');
  block.write(fields.link ?? '', 157, 'latin1');
  block.write(fields.magic ?? 'ustar\x0000', 257, 'latin1');
  return sealed(block);
}

function sealed(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

const end = Buffer.alloc(1024);
const gnu = 'ustar  \0';

function record(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function extended(type: 'x' | 'g', ...records: Buffer[]): Buffer {
  const body = Buffer.concat(records);
  return Buffer.concat([header({ type, size: body.length }), padded(body)]);
}

describe('reading', () => {
  test('a v7 header has a name, a body and no owner names; a closing slash makes a directory', async () => {
    const bytes = Buffer.concat([
      header({ name: 'dir/', type: '\0', magic: '' }),
      header({ name: 'dir/a', type: '\0', magic: '', size: 3 }),
      padded('abc'),
      end,
    ]);
    const [directory, file] = await readAll(bytes);
    expect(directory).toMatchObject({ name: 'dir/', type: 'directory', size: 0 });
    expect(file).toMatchObject({ name: 'dir/a', type: 'file', size: 3, userName: '' });
    expect(file?.content.toString()).toBe('abc');
  });

  test('GNU long names and links replace the cut ones, and only for the next entry', async () => {
    const long = `${'d/'.repeat(80)}name`;
    const bytes = Buffer.concat([
      header({ name: '././@LongLink', type: 'L', size: long.length + 1, magic: gnu }),
      padded(`${long}\0`),
      header({ name: '././@LongLink', type: 'K', size: long.length + 1, magic: gnu }),
      padded(`${long}\0`),
      header({ name: long.slice(0, 100), type: '2', link: 'cut', magic: gnu }),
      header({ name: 'next', type: '2', link: 'short', magic: gnu }),
      end,
    ]);
    const [first, second] = await readAll(bytes);
    expect(first).toMatchObject({ name: long, linkName: long, type: 'symlink', offset: 0 });
    expect(second).toMatchObject({ name: 'next', linkName: 'short' });
    expect(first?.rawHeaders).toEqual(bytes.subarray(0, bytes.length - 1024 - 512));
  });

  test.each([
    ['positive', Buffer.from('800000000000000077359400', 'hex'), 2_000_000_000],
    ['beyond octal', Buffer.from('800000000000002000000000', 'hex'), 0x20_0000_0000],
    ['minus one', Buffer.from('ffffffffffffffffffffffff', 'hex'), -1],
    ['minus 256', Buffer.from('ffffffffffffffffffffff00', 'hex'), -256],
  ])('a base-256 number is read with its sign: %s', async (_name, mtime, seconds) => {
    const [entry] = await readAll(Buffer.concat([header({ mtime }), end]));
    expect(entry).toMatchObject({ name: 'file', mtime: seconds });
  });

  test('pax records give the path, link, size, owners and time, and keep binary attributes', async () => {
    const attribute = Buffer.from([1, 0, 0, 2, 0xff, 0x0a, 0x3d]);
    const bytes = Buffer.concat([
      extended(
        'x',
        record('path', 'größe/datei'),
        record('size', '4'),
        record('uid', '1000660000'),
        record('gid', '3000000'),
        record('mtime', '-1.5'),
        record('SCHILY.xattr.security.capability', attribute),
      ),
      header({ name: 'cut', size: 0 }),
      padded('1234'),
      end,
    ]);
    const [entry] = await readAll(bytes);
    expect(entry).toMatchObject({
      name: 'größe/datei',
      uid: 1_000_660_000,
      gid: 3_000_000,
      mtime: -1.5,
      size: 4,
    });
    expect(entry?.content.toString()).toBe('1234');
    expect(Uint8Array.from(entry?.pax.get('SCHILY.xattr.security.capability') ?? [])).toEqual(
      new Uint8Array(attribute),
    );
  });

  test('the last of two records with one key wins, and an empty value gives the header its word back', async () => {
    const bytes = Buffer.concat([
      extended('x', record('path', 'first'), record('path', 'second')),
      header({ name: 'cut' }),
      extended('x', record('path', 'first'), record('path', '')),
      header({ name: 'plain' }),
      end,
    ]);
    expect((await readAll(bytes)).map((entry) => entry.name)).toEqual(['second', 'plain']);
  });

  test('global records are ignored as container engines do, and applied where POSIX is asked for', async () => {
    const bytes = Buffer.concat([
      extended('g', record('uid', '7')),
      header({ name: 'a' }),
      header({ name: 'b' }),
      end,
    ]);
    expect((await readAll(bytes)).map((entry) => entry.uid)).toEqual([0, 0]);
    expect((await readAll(bytes, { globalHeaders: 'apply' })).map((entry) => entry.uid)).toEqual([7, 7]);
  });

  test('an old GNU sparse file is no plain file, and its continued map is not its body', async () => {
    const first = Buffer.from(header({ name: 'holes', type: 'S', size: 5, magic: gnu }));
    first[482] = 1;
    first.write('00000000012\0' + '00000000005\0', 386);
    first.write('00000000100\0', 483);
    const bytes = Buffer.concat([
      sealed(first),
      Buffer.alloc(512),
      padded('dense'),
      header({ name: 'after' }),
      end,
    ]);
    const [sparse, after] = await readAll(bytes);
    expect(sparse).toMatchObject({
      type: 'sparse',
      size: 5,
      bodyOffset: 1024,
      sparse: { realSize: 64, map: [{ offset: 10, size: 5 }] },
    });
    expect(sparse?.content.toString()).toBe('dense');
    expect(after?.name).toBe('after');
  });

  test('a pax sparse file is sparse and has its real name', async () => {
    const bytes = Buffer.concat([
      extended(
        'x',
        record('GNU.sparse.major', '1'),
        record('GNU.sparse.minor', '0'),
        record('GNU.sparse.name', 'real'),
        record('GNU.sparse.realsize', '99'),
      ),
      header({ name: 'GNUSparseFile.0/real' }),
      end,
    ]);
    expect(await readAll(bytes)).toMatchObject([
      { type: 'sparse', name: 'real', sparse: { realSize: 99, map: 'in-body' } },
    ]);
  });

  test('links and directories have no body, whatever their size field says', async () => {
    const bytes = Buffer.concat([header({ type: '5', size: 512 }), header({ type: '1', size: 99 }), end]);
    expect((await readAll(bytes)).map((entry) => entry.size)).toEqual([0, 0]);
  });

  test('a name that is not UTF-8 keeps its bytes', async () => {
    const [entry] = await readAll(Buffer.concat([header({ name: 'caf\xe9' }), end]));
    expect(Buffer.from(entry?.nameBytes ?? []).toString('latin1')).toBe('caf\xe9');
  });

  test('a body left unread is skipped; a body left half read as well', async () => {
    const bytes = Buffer.concat([
      header({ name: 'a', size: 2000 }),
      padded(Buffer.alloc(2000, 1)),
      header({ name: 'b', size: 2000 }),
      padded(Buffer.alloc(2000, 2)),
      header({ name: 'c' }),
      end,
    ]);
    const names: string[] = [];
    for await (const entry of readTar(inChunks(bytes, 100))) {
      names.push(entry.name);
      if (entry.name === 'b') for await (const _chunk of entry.body) break;
    }
    expect(names).toEqual(['a', 'b', 'c']);
  });

  test('a body kept for later says that it is gone', async () => {
    const bytes = Buffer.concat([
      header({ name: 'a', size: 600 }),
      padded(Buffer.alloc(600)),
      header({}),
      end,
    ]);
    const kept: TarEntry[] = [];
    for await (const entry of readTar(inChunks(bytes, 64))) kept.push(entry);
    await expect(collect(kept[0]!.body)).rejects.toThrow('after its entry was left');
  });

  test('the input is pulled no further than the entry asked for', async () => {
    let pulled = 0;
    async function* slow(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 1000; index++) {
        pulled++;
        yield header({ name: `f${index}` });
      }
    }
    for await (const _entry of readTar(slow())) break;
    expect(pulled).toBe(1);
  });

  test('the input is read to its end behind the closing blocks, and let go when the reader stops early', async () => {
    const seen: string[] = [];
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.concat([header({}), end]);
        yield Buffer.alloc(4096, 7);
        seen.push('drained');
      } finally {
        seen.push('closed');
      }
    }
    for await (const _entry of readTar(watched()));
    expect(seen).toEqual(['drained', 'closed']);
    for await (const _entry of readTar(watched())) break;
    expect(seen).toEqual(['drained', 'closed', 'closed']);
  });

  test('an input that can seek is asked to skip bodies', async () => {
    const bytes = Buffer.concat([
      header({ size: 5000 }),
      padded(Buffer.alloc(5000)),
      header({ name: 'z' }),
      end,
    ]);
    let position = 0;
    let read = 0;
    const input: TarInput = {
      async *[Symbol.asyncIterator]() {
        while (position < bytes.length) {
          const chunk = bytes.subarray(position, position + 512);
          position += chunk.length;
          read += chunk.length;
          yield chunk;
        }
      },
      skip: (count) => {
        const possible = Math.min(count, bytes.length - position);
        position += possible;
        return Promise.resolve(possible);
      },
    };
    const names: string[] = [];
    for await (const entry of readTar(input)) names.push(entry.name);
    expect(names).toEqual(['file', 'z']);
    expect(read).toBe(2048);
  });

  test('an aborted read stops', async () => {
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _entry of readTar(inChunks(Buffer.concat([header({}), header({}), end]), 512), {
        signal: controller.signal,
      }))
        controller.abort();
    })();
    await expect(reading).rejects.toThrow(/abort/i);
  });
});

describe('hostile input', () => {
  const whole = Buffer.concat([
    extended('x', record('path', 'p'.repeat(200))),
    header({ size: 700 }),
    padded(Buffer.alloc(700, 65)),
    header({ name: 'last', size: 1 }),
    padded('x'),
    end,
  ]);

  test('a tar cut anywhere inside an entry is truncated, with the offset', async () => {
    const contentEnd = whole.length - 1024;
    for (let length = 1; length < contentEnd; length += 37) {
      if (length === 2560) continue;
      const error = await failure(whole.subarray(0, length));
      expect(error.code, `cut at ${length}`).toBe('TAR_TRUNCATED');
      expect(error.offset).toBeLessThanOrEqual(length);
    }
  });

  test('a changed header byte is found by the checksum', async () => {
    const damaged = Buffer.from(whole);
    damaged[1024 + 3]! ^= 1;
    expect(await failure(damaged)).toMatchObject({ code: 'TAR_MALFORMED', offset: 1024 });
  });

  test('a sum of signed bytes, as old writers gave, is accepted', async () => {
    const block = Buffer.from(header({ name: 'caf\xe9' }));
    block.fill(0x20, 148, 156);
    const sum = new Int8Array(block).reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(await readAll(Buffer.concat([block, end]))).toHaveLength(1);
  });

  test('a text file is no tar', async () => {
    expect(await failure(Buffer.alloc(1024, 'hello '))).toMatchObject({ code: 'TAR_MALFORMED', offset: 0 });
  });

  test('an extension header over the cap is refused before it is read', async () => {
    const error = await failure(Buffer.concat([header({ type: 'L', size: 8 * 1024 ** 3 }), end]));
    expect(error).toMatchObject({ code: 'TAR_LIMIT', offset: 512 });
  });

  test('many small extension headers before one entry hit the same cap', async () => {
    const one = extended('x', record('comment', 'c'.repeat(400)));
    const error = await failure(Buffer.concat(Array.from({ length: 40 }, () => one)), {
      maxExtensionBytes: 8192,
    });
    expect(error.code).toBe('TAR_LIMIT');
  });

  test('an endless sparse map hits the cap', async () => {
    const first = Buffer.from(header({ type: 'S', magic: gnu }));
    first[482] = 1;
    const more = Buffer.alloc(512);
    more[504] = 1;
    const error = await failure(Buffer.concat([sealed(first), ...Array.from({ length: 40 }, () => more)]), {
      maxExtensionBytes: 8192,
    });
    expect(error.code).toBe('TAR_LIMIT');
  });

  test('more entries than allowed are refused', async () => {
    const bytes = Buffer.concat([header({}), header({}), header({}), end]);
    expect(await failure(bytes, { maxEntries: 2 })).toMatchObject({ code: 'TAR_LIMIT', offset: 1024 });
  });

  test.each([
    ['a negative size', header({ size: Buffer.from('ffffffffffffffffffffffff', 'hex') })],
    ['a size beyond 2^53', header({ size: Buffer.from('80ffffffffffffffffffffff', 'hex') })],
    ['a size that is no number', header({ size: Buffer.from('12345678xyz\0') })],
    ['a uid that is no number', header({ uid: Buffer.from('root\0\0\0\0') })],
    ['a record longer than its header', extended('x', Buffer.from('99 path=x\n'))],
    ['a record shorter than its key', extended('x', Buffer.from('3 path=x\n'))],
    ['a record without a length', extended('x', Buffer.from('path=x\n'))],
    ['a record with a huge length', extended('x', Buffer.from(`${'9'.repeat(400)} path=x\n`))],
    ['a record without "="', extended('x', Buffer.from('8 pathx\n'))],
    ['a path with a NUL', Buffer.concat([extended('x', record('path', 'a\0b')), header({})])],
    ['a pax size that is negative', Buffer.concat([extended('x', record('size', '-1')), header({})])],
    ['a pax size that is no number', Buffer.concat([extended('x', record('size', '0x10')), header({})])],
    ['a pax time that is no time', Buffer.concat([extended('x', record('mtime', 'now')), header({})])],
    ['zeros before an entry', Buffer.concat([Buffer.alloc(512), header({})])],
  ])('%s is malformed', async (_name, bytes) => {
    expect((await failure(Buffer.concat([bytes, end]))).code).toBe('TAR_MALFORMED');
  });

  test('an extension header without an entry is truncated', async () => {
    expect((await failure(Buffer.concat([extended('x', record('path', 'a')), end]))).code).toBe(
      'TAR_TRUNCATED',
    );
  });

  test('any bytes at all give entries or a TarError, nothing else', async () => {
    const damaged = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 })
      .map((changes) => {
        const copy = Buffer.from(whole);
        for (const [at, byte] of changes) copy[at] = byte;
        return copy;
      });
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        try {
          await readAll(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(TarError);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('writing', () => {
  const name = fc
    .array(fc.stringMatching(/^[^\0/]{1,60}$/u), { minLength: 1, maxLength: 6 })
    .map((parts) => parts.join('/'))
    .filter((text) => Buffer.from(text).toString() === text);
  const id = fc.oneof(fc.nat(70_000), fc.nat(Number.MAX_SAFE_INTEGER));
  const owner = fc.stringMatching(/^[^\0]{0,40}$/u).filter((text) => Buffer.from(text).toString() === text);
  const xattrs = fc
    .dictionary(
      fc.stringMatching(/^SCHILY\.xattr\.user\.[a-z]{1,8}$/),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
    )
    .map((records) => new Map(Object.entries(records)));
  const common = {
    name,
    mode: fc.nat(0o7777),
    uid: id,
    gid: id,
    userName: owner,
    groupName: owner,
    pax: xattrs,
  };
  const time = fc.oneof(
    fc.integer(),
    fc.nat(Number.MAX_SAFE_INTEGER),
    fc.integer().map((value) => value / 4),
  );
  const member = fc.oneof(
    fc.record({
      ...common,
      type: fc.constant('file' as const),
      mtime: time,
      body: fc.uint8Array({ maxLength: 1500 }),
    }),
    fc.record({ ...common, type: fc.constantFrom('symlink' as const, 'hardlink' as const), linkName: name }),
    fc.record({
      ...common,
      type: fc.constantFrom('character-device' as const, 'block-device' as const),
      deviceMajor: fc.nat(4095),
      deviceMinor: fc.nat(1_048_575),
    }),
    fc.record({ ...common, type: fc.constantFrom('directory' as const, 'fifo' as const) }),
  );

  test('what is written is read back, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(member, { maxLength: 6 }),
        fc.integer({ min: 1, max: 3000 }),
        async (members, chunk) => {
          const bytes = await collect(writeTar(members));
          const entries = await readAll(bytes, { chunk });
          expect(entries).toHaveLength(members.length);
          for (const [index, wrote] of members.entries()) expectEqual(entries[index]!, wrote);
        },
      ),
      { numRuns: 120 },
    );
  });

  function expectEqual(read: ReadEntry, wrote: TarMember): void {
    const slash = wrote.type === 'directory' && !String(wrote.name).endsWith('/') ? '/' : '';
    expect(read).toMatchObject({
      name: wrote.name + slash,
      type: wrote.type,
      mode: wrote.mode,
      uid: wrote.uid,
      gid: wrote.gid,
      mtime: wrote.mtime ?? 0,
      linkName: wrote.linkName ?? '',
      userName: wrote.userName,
      groupName: wrote.groupName,
      deviceMajor: wrote.deviceMajor ?? 0,
      deviceMinor: wrote.deviceMinor ?? 0,
    });
    expect([...read.content]).toEqual([...((wrote.body as Uint8Array | undefined) ?? [])]);
    for (const [key, value] of wrote.pax ?? [])
      expect([...(read.pax.get(key) ?? [])]).toEqual([...Buffer.from(value)]);
  }

  test('entries passed through by their raw headers give the same bytes', async () => {
    const members = [
      { name: 'ä'.repeat(90), body: Buffer.from('one') },
      { name: 'b', type: 'symlink' as const, linkName: 'x'.repeat(300) },
    ];
    const bytes = await collect(writeTar(members));
    expect(await collect(writeTar(readTar(inChunks(bytes, 777))))).toEqual(bytes);
  });

  test('a plain entry has one header block, no time and no owner', async () => {
    const bytes = await collect(writeTar([{ name: 'a', body: Buffer.from('hi') }]));
    expect(bytes.length).toBe(512 + 512 + 1024);
    expect(bytes.subarray(100, 156).toString('latin1')).toMatch(
      /^0000644\0{1}0000000\0{1}0000000\0{1}00000000002\0{1}00000000000\0{1}/,
    );
  });

  test('a name of up to 255 ASCII bytes that splits at a slash needs no pax header', async () => {
    const long = `${'a'.repeat(120)}/${'b'.repeat(90)}`;
    const bytes = await collect(writeTar([{ name: long }]));
    expect(bytes.length).toBe(512 + 1024);
    expect(await readAll(bytes)).toMatchObject([{ name: long }]);
  });

  test('a name that is not UTF-8 is written as the bytes it is, and says so', async () => {
    const name = Buffer.from([0x61, 0xff]);
    const written = await readAll(await collect(writeTar([{ name }, { name: 'é' }])));
    expect(written.map(({ nameBytes, pax }) => [...nameBytes, pax.has('hdrcharset')])).toEqual([
      [0x61, 0xff, true],
      [0xc3, 0xa9, false],
    ]);
  });

  test.each([
    ['a stream longer than its size', { name: 'a', size: 1, body: inChunks(Buffer.from('ab'), 2) }],
    ['a stream shorter than its size', { name: 'a', size: 3, body: inChunks(Buffer.from('ab'), 2) }],
    ['a stream without a size', { name: 'a', body: inChunks(Buffer.from('ab'), 2) }],
    ['a name with a NUL', { name: 'a\0b' }],
    ['an empty name', { name: '' }],
    ['a directory with a body', { name: 'a', type: 'directory' as const, body: Buffer.from('x') }],
    ['a time that is no number', { name: 'a', mtime: Number.NaN }],
  ])('%s is refused', async (_name, wrong: TarMember) => {
    await expect(collect(writeTar([wrong]))).rejects.toMatchObject({ code: 'TAR_UNWRITABLE' });
  });
});

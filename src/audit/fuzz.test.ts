import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectBytes } from '../binary/index.ts';
import { buildImage, executable, file, platformOf, symlink, whiteout, writeElf } from '../fixture/index.ts';
import { createLayerReader, LayerError, type LayerFacts, mergeLayers } from '../layer/index.ts';
import {
  DocumentError,
  defaultPlatform,
  type ImageManifest,
  parseConfig,
  parseManifest,
  parseRunSettings,
} from '../oci/index.ts';
import { examine } from './examine.ts';
import type { LayerOrigin } from './types.ts';

/** Cases over all parts of an image, which take milliseconds each; `ARMLOAD_IMAGE_FUZZ_RUNS` asks for more. */
const runs = Number(process.env['ARMLOAD_IMAGE_FUZZ_RUNS'] ?? 300);
/** A case takes a few milliseconds; a busy machine gets time to spare. */
const longestCase = 3_000;

const program = writeElf({
  machine: 'arm64',
  interpreter: true,
  needed: ['libc.so.6', 'liba.so'],
  runpath: '$ORIGIN/../lib:/opt',
  align: 4096,
});
const library = writeElf({
  machine: 'arm64',
  kind: 'library',
  soname: 'liba.so',
  needed: ['libc.so.6', 'liba.so'],
  align: 4096,
});
const loader = writeElf({ machine: 'arm64', kind: 'library', soname: 'ld-linux-aarch64.so.1', align: 4096 });
const foreign = writeElf({ machine: 'amd64', align: 4096 });
const jar = zipOfOne('linux-x86_64/lib.so', foreign);

const lower = [
  executable('usr/bin/app', program),
  executable('usr/bin/tool', foreign),
  executable('usr/bin/start', '#!/usr/bin/env -S app --fast\n'),
  executable('lib/ld-linux-aarch64.so.1', loader),
  executable('lib/liba.so', library),
  executable(
    'lib/libc.so.6',
    writeElf({ machine: 'arm64', kind: 'library', soname: 'libc.so.6', align: 4096 }),
  ),
  file('opt/app.jar', jar),
  file('etc/ld.so.conf', 'include /etc/ld.so.conf\n/opt\n'),
  file('etc/ld.so.cache', Buffer.concat([Buffer.from('glibc-ld.so.cache1.1'), Buffer.alloc(60, 1)])),
  file('var/lib/dpkg/status', 'Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n'),
  symlink('bin', 'usr/bin'),
  symlink('usr/bin/loop', '../bin/loop'),
  { name: 'usr/bin/hard', type: 'hardlink', linkName: 'usr/bin/app' } as const,
  file(`${'long/'.repeat(30)}file`, ''),
];
const upper = [whiteout('usr/bin/tool'), file('opt/.wh..wh..opq', ''), executable('opt/new', foreign)];
const image = await buildImage({
  platform: platformOf('linux/arm64'),
  layers: [lower, upper],
  compression: 'none',
  config: {
    Entrypoint: ['start', '-v'],
    Cmd: ['sh', '-c', 'exec app "$@"'],
    Env: ['PATH=/bin:/usr/bin:/opt', 'LD_LIBRARY_PATH=/opt:', 'LD_PRELOAD=/lib/x86_64-linux-gnu/x.so'],
    WorkingDir: '/opt',
    Healthcheck: { Test: ['CMD-SHELL', 'app --check'] },
    Volumes: { '/data': {} },
  },
});
const documents = { manifest: image.manifest.bytes, config: image.config.bytes };
const [lowerTar = Buffer.alloc(0), upperTar = Buffer.alloc(0)] = image.layers.map(({ bytes }) =>
  Buffer.from(bytes),
);

interface Parts {
  readonly manifest: Uint8Array;
  readonly config: Uint8Array;
  readonly layers: readonly Uint8Array[];
}

const reader = createLayerReader({ workerFile: 'none' });
/** Read once: what is damaged is what a case is about. */
const undamaged = new Map<Uint8Array, LayerFacts>();
for (const [index, bytes] of [lowerTar, upperTar].entries()) {
  const { descriptor } = image.layers[index] ?? image.config;
  undamaged.set(bytes, await reader.read({ descriptor, repository: repositoryOf(bytes) }));
}

/** From the bytes to the verdict, as an audit goes. @throws whatever the parts throw. */
async function wholeWay(parts: Parts): Promise<unknown> {
  const manifest = parseManifest(parts.manifest);
  const config = parseConfig(parts.config);
  const run = parseRunSettings(parts.config);
  if (manifest.kind !== 'image') return manifest;
  const read = manifest.layers.slice(0, parts.layers.length).map(async (descriptor, index) => {
    const bytes = parts.layers[index] ?? upperTar;
    return undamaged.get(bytes) ?? reader.read({ descriptor, repository: repositoryOf(bytes) });
  });
  const layers = await Promise.all(read);
  const claims = config.platform === undefined ? {} : { config: config.platform };
  const platform = config.platform ?? defaultPlatform;
  const origins = originsOf(manifest).slice(0, layers.length);
  return examine({ platform, config, run, override: {}, view: mergeLayers(layers), layers: origins }, claims);
}

/** Descriptors are not checked here, so one that was damaged still leads to its bytes. */
function repositoryOf(bytes: Uint8Array) {
  async function* blob(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return { name: 'example.com/app', blob };
}

function originsOf({ layers }: ImageManifest): readonly LayerOrigin[] {
  return layers.map((descriptor) => ({ descriptor, diffId: descriptor.digest }));
}

const known = new Set<string>();

async function survives(parts: Parts): Promise<void> {
  const started = performance.now();
  try {
    const examined = await wholeWay(parts);
    known.add('examined');
    expect(JSON.stringify(examined)).not.toBe('');
  } catch (error) {
    if (!(error instanceof LayerError) && !(error instanceof DocumentError)) throw error;
    known.add(error.code);
    expect(error.message.length).toBeLessThan(10_000);
  }
  expect(performance.now() - started).toBeLessThan(longestCase);
}

const evil = fc.oneof(fc.constantFrom(0, 1, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.nat());
const change = fc.record({
  kind: fc.constantFrom('flip', 'number', 'cut', 'copy', 'digits'),
  at: fc.nat(),
  value: evil,
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;
const changes = fc.array(change, { minLength: 1, maxLength: 4 });

/** Damages the bytes between two places, and leaves their number as it is. */
function damaged(bytes: Uint8Array, list: readonly Change[], [from, to]: readonly [number, number]): Buffer {
  const copy = Buffer.from(bytes);
  for (const { kind, at, value } of list) {
    const place = from + (at % Math.max(1, to - from - 12));
    if (kind === 'flip') copy.writeUInt8((copy[place] ?? 0) ^ (1 << (value % 8)), place);
    else if (kind === 'number') copy.writeUInt32LE(value >>> 0, place);
    else if (kind === 'cut') copy.fill(0, place, to);
    else if (kind === 'copy') copy.copy(copy, place, value % copy.length, (value % copy.length) + 64);
    else copy.write(value.toString(8).padStart(11, '7'), place, 'latin1');
  }
  return copy.subarray(0, bytes.length);
}

/** Where the bytes of a fixture's file stand in the tar. */
function placeOf(tar: Buffer, content: Uint8Array): readonly [number, number] {
  const at = tar.indexOf(content);
  return [at, at + content.length];
}

/** Writes right checksums into blocks that look like headers: damage must get further than the first check. */
function withChecksums(tar: Buffer): Buffer {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    if (tar.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    tar.fill(0x20, at + 148, at + 156);
    let sum = 0;
    for (let index = at; index < at + 512; index++) sum += tar[index] ?? 0;
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
  return tar;
}

/** Headers stand at block borders, so most of the damage is put right behind one. */
const inHeaders = changes.map((list) =>
  list.map((one) =>
    one.value % 4 === 0 ? one : { ...one, at: Math.floor(one.at / 512) * 512 + (one.at % 345) },
  ),
);

const oddValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  2 ** 53,
  '',
  'x',
  '/',
  '\0',
  '\ud800',
  '__proto__',
  'é'.repeat(5_000),
  [],
  {},
  [null],
  ['PATH=/bin', '=', 'PATH'],
  ['sh', '-c', '$(('],
  { Test: ['CMD-SHELL'] },
  JSON.parse('{"__proto__":{"os":"linux"},"constructor":[]}'),
];

/** Puts an odd value in the place of any member of a document. */
function withOddValue(bytes: Uint8Array, at: number, value: unknown): Buffer {
  const document = JSON.parse(Buffer.from(bytes).toString()) as object;
  const places: (readonly [object, string])[] = [];
  const todo: object[] = [document];
  for (let next = todo.pop(); next !== undefined; next = todo.pop())
    for (const [key, inner] of Object.entries(next)) {
      places.push([next, key]);
      if (typeof inner === 'object' && inner !== null) todo.push(inner as object);
    }
  const [holder, key] = places[at % places.length] ?? [document, 'config'];
  Object.defineProperty(holder, key, { value, enumerable: true });
  return Buffer.from(JSON.stringify(document));
}

/** A zip of one deflated file. */
function zipOfOne(name: string, content: Uint8Array): Buffer {
  const data = deflateRawSync(content);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const start = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
  const directory = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00'),
    common,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(start.length, 16);
  return Buffer.concat([start, directory, end]);
}

const victims = { program, library, loader, jar };
const share = (part: number) => ({ numRuns: Math.ceil(runs * part) });

describe('from damaged bytes to a verdict there is an answer or a clear error, and soon', () => {
  test('the image as it is has an answer', async () => {
    const examined = await wholeWay({ ...documents, layers: [lowerTar, upperTar] });
    expect(examined).toMatchObject({ verdict: expect.any(String), label: { config: 'linux/arm64' } });
    expect(inspectBytes('app.jar', jar).nested).toHaveLength(1);
  });

  test.each(Object.entries(victims))(
    'a damaged %s in a layer',
    async (_name, content) => {
      const place = placeOf(lowerTar, content);
      expect(place[0]).toBeGreaterThan(0);
      await fc.assert(
        fc.asyncProperty(changes, async (list) => {
          const tar = damaged(lowerTar, list, place);
          const cut = (list[0]?.at ?? 0) % content.length;
          inspectBytes('file', tar.subarray(place[0], place[0] + cut));
          await survives({ ...documents, layers: [tar, upperTar] });
        }),
        share(0.1),
      );
    },
    600_000,
  );

  test('a damaged tar, with right checksums and with wrong ones, cut and whole', async () => {
    await fc.assert(
      fc.asyncProperty(inHeaders, fc.integer({ min: 0, max: 7 }), async (list, way) => {
        const tar = damaged(lowerTar, list, [0, lowerTar.length]);
        const checked = way === 0 ? tar : withChecksums(tar);
        const bytes = way === 1 ? checked.subarray(0, (list[0]?.at ?? 0) % tar.length) : checked;
        await survives({ ...documents, layers: way % 2 === 0 ? [bytes, upperTar] : [upperTar, bytes] });
      }),
      share(0.3),
    );
    expect(known).toContain('LAYER_MALFORMED');
    expect(known).toContain('examined');
  }, 600_000);

  test.each(['config', 'manifest'] as const)(
    'a damaged %s',
    async (which) => {
      await fc.assert(
        fc.asyncProperty(
          changes,
          fc.nat(),
          fc.constantFrom('bytes', 'cut', ...oddValues),
          async (list, at, odd) => {
            const bytes = documents[which];
            const broken =
              odd === 'bytes'
                ? damaged(bytes, list, [0, bytes.length])
                : odd === 'cut'
                  ? bytes.subarray(0, at % bytes.length)
                  : withOddValue(bytes, at, odd);
            await survives({ ...documents, [which]: broken, layers: [lowerTar, upperTar] });
          },
        ),
        share(0.15),
      );
      expect(known).toContain('DOCUMENT_MALFORMED');
    },
    600_000,
  );
});

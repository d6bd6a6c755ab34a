import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { type Clock, systemClock } from '../../../core/index.ts';
import { type ElfSpec, writeElf } from '../../../fixture/index.ts';
import { createLayerReader, type MergedView, mergeLayers } from '../../../layer/index.ts';
import { digestOf } from '../../../oci/index.ts';
import { type TarMember, writeTar } from '../../../tar/index.ts';
import type { OriginContext, PortImage } from '../../origin-types.ts';

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function tarOf(...members: readonly TarMember[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

async function viewOf(layers: readonly (readonly TarMember[])[]): Promise<MergedView> {
  const reader = createLayerReader({ workerFile: 'none' });
  const facts = await Promise.all(
    layers.map(async (members) => {
      const bytes = await tarOf(...members);
      const blob = async function* () {
        yield bytes;
      };
      const mediaType = 'application/vnd.oci.image.layer.v1.tar';
      const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
      return reader.read({ repository: { name: 'example.org/app', blob }, descriptor });
    }),
  );
  await reader.close();
  return mergeLayers(facts);
}

/** An image of one base layer and one above. */
export async function imageOf(
  above: readonly TarMember[],
  base: readonly TarMember[] = [],
): Promise<PortImage> {
  return {
    reference: 'registry.example.org/app:1',
    source: { os: 'linux', architecture: 'amd64' },
    target: { os: 'linux', architecture: 'arm64' },
    view: await viewOf([base, above]),
    baseLayers: 1,
    oldBase: await viewOf([base]),
    newBase: await viewOf([base]),
    mapPath: (path) => path,
  };
}

/** Folders of one test, and what it needs of the port. Waiting takes no time. */
export function workplace(): {
  readonly context: OriginContext;
  readonly cwd: string;
  readonly remove: () => void;
} {
  const folder = join(tmpdir(), `armload-release-${randomUUID()}`);
  const cwd = join(folder, 'cwd');
  mkdirSync(cwd, { recursive: true });
  const clock: Clock = { ...systemClock, sleep: async () => undefined };
  const context = {
    folder: join(folder, 'work'),
    cache: join(folder, 'cache'),
    taken: new Set<string>(),
    clock,
  };
  return { context, cwd, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface GoSpec extends ElfSpec {
  readonly module: string;
  readonly version: string;
  readonly path?: string;
  readonly revision?: string;
}

/** A program that says of itself what Go's linker writes into it: behind its writable data, where Go looks for it. */
export function goProgram({ module, version, path = module, revision, ...elf }: GoSpec): Uint8Array {
  const setting = revision === undefined ? '' : `build\tvcs.revision=${revision}\n`;
  const text = `0123456789abcdefpath\t${path}\nmod\t${module}\t${version}\t\n${setting}0123456789abcdef`;
  const head = Buffer.alloc(32);
  head.write('\xff Go buildinf:\x08\x02', 'latin1');
  const length = Buffer.from([(text.length & 0x7f) | 0x80, text.length >> 7]);
  return Buffer.concat([
    padded(writeElf({ interpreter: true, needed: ['libc.so.6'], ...elf })),
    head,
    Buffer.from('\x08go1.22.5'),
    length,
    Buffer.from(text),
  ]);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 15)]);
}

/** A zip whose entries are deflated. */
export function zipOf(entries: Readonly<Record<string, Uint8Array>>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const data = deflateRawSync(content);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.alloc(2), fields, rest, Buffer.from(name)]),
    );
    locals.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, list, end]);
}

export interface RunningServer {
  readonly origin: string;
  /** Paths, in order. */
  readonly requests: readonly string[];
  readonly close: () => Promise<void>;
}

export async function serve(listener: RequestListener): Promise<RunningServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

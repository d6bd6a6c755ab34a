import { writeTar } from '../../tar/index.ts';

export interface Member {
  readonly name: string;
  readonly data: Uint8Array;
}

export async function tarOf(members: readonly Member[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members.map(({ name, data }) => ({ name, body: data }))))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A zip without compression. */
export function zipOf(members: readonly Member[]): Buffer {
  let offset = 0;
  const entries = members.map(({ name, data }) => {
    const at = offset;
    const local = Buffer.concat([zipHead(0x04034b50, 30, { name, data, at }), data]);
    offset += local.length;
    return { local, central: zipHead(0x02014b50, 46, { name, data, at }) };
  });
  const central = Buffer.concat(entries.map((entry) => entry.central));
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...entries.map((entry) => entry.local), central, end]);
}

function zipHead(signature: number, length: number, entry: Member & { readonly at: number }): Buffer {
  const head = Buffer.alloc(length);
  const sizes = length === 30 ? 18 : 20;
  head.writeUInt32LE(signature, 0);
  head.writeUInt32LE(entry.data.length, sizes);
  head.writeUInt32LE(entry.data.length, sizes + 4);
  head.writeUInt16LE(Buffer.byteLength(entry.name), sizes + 8);
  if (length === 46) head.writeUInt32LE(entry.at, 42);
  return Buffer.concat([head, Buffer.from(entry.name)]);
}

/** A static library of one member. */
export function staticLibraryOf({ name, data }: Member): Buffer {
  const head = `${name.padEnd(48)}${String(data.length).padEnd(10)}\`\n`;
  return Buffer.concat([Buffer.from(`!<arch>\n${head}`), data]);
}

/** A Windows program, or a .NET assembly: of intermediate language alone, or compiled ahead. */
export function peOf(machine: number, managed?: 'il' | 'ready-to-run'): Buffer {
  const [headers, section, code] = [0x80, 0x188, 0x200];
  const file = Buffer.alloc(0x400);
  file.write('MZ');
  file.writeUInt32LE(headers, 0x3c);
  file.write('PE\0\0', headers, 'latin1');
  file.writeUInt16LE(machine, headers + 4);
  file.writeUInt16LE(1, headers + 6);
  file.writeUInt16LE(240, headers + 20);
  file.writeUInt16LE(0x20b, headers + 24);
  file.writeUInt32LE(16, headers + 24 + 108);
  for (const [at, value] of [0x1000, 0x200, code].entries()) file.writeUInt32LE(value, section + 12 + at * 4);
  if (managed === undefined) return file;
  file.writeUInt32LE(0x1000, headers + 24 + 224);
  file.writeUInt32LE(72, code);
  file.writeUInt32LE(managed === 'il' ? 1 : 0, code + 16);
  if (managed === 'il') return file;
  file.writeUInt32LE(0x1080, code + 64);
  file.write('RTR\0', code + 0x80, 'latin1');
  return file;
}

/** A WebAssembly module of one custom section. */
export function wasmOf(section: string): Buffer {
  const body = Buffer.concat([Buffer.of(section.length), Buffer.from(section), Buffer.alloc(32)]);
  return Buffer.concat([Buffer.from('\0asm\x01\0\0\0', 'latin1'), Buffer.of(0, body.length), body]);
}

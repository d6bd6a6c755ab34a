/** One entry of a zip for tests. The data is written as given: deflate it before for method 8. */
export interface ZipSpec {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: 0 | 8 | 12;
  /** Size of the content; that of `data` unless told. */
  readonly size?: number;
  /** Sizes stand behind the data, as the jar tool writes them. */
  readonly descriptor?: boolean;
  readonly encrypted?: boolean;
  /** Stands in the file, but not in the central directory. */
  readonly hidden?: boolean;
  /** Name in the local header, where it differs. */
  readonly localName?: string;
}

/** Writes a zip; `prefix` stands before it, and its offsets count from behind the prefix. */
export function zipOf(entries: readonly ZipSpec[], prefix: Uint8Array = new Uint8Array(0)): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const local = localEntry(entry);
    if (entry.hidden !== true) directory.push(directoryEntry(entry, offset));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([prefix, ...parts, central, end]);
}

function flagsOf({ descriptor, encrypted }: ZipSpec): number {
  return (descriptor === true ? 8 : 0) | (encrypted === true ? 1 : 0);
}

function localEntry(entry: ZipSpec): Buffer {
  const { data, method = 0, size = data.length, descriptor = false, name, localName = name } = entry;
  const head = Buffer.alloc(30);
  head.write('PK\x03\x04', 'latin1');
  head.writeUInt16LE(20, 4);
  head.writeUInt16LE(flagsOf(entry), 6);
  head.writeUInt16LE(method, 8);
  head.writeUInt32LE(descriptor ? 0 : data.length, 18);
  head.writeUInt32LE(descriptor ? 0 : size, 22);
  head.writeUInt16LE(Buffer.byteLength(localName), 26);
  const tail = Buffer.alloc(descriptor ? 16 : 0);
  if (descriptor) {
    tail.write('PK\x07\x08', 'latin1');
    tail.writeUInt32LE(data.length, 8);
    tail.writeUInt32LE(size, 12);
  }
  return Buffer.concat([head, Buffer.from(localName), data, tail]);
}

function directoryEntry(entry: ZipSpec, offset: number): Buffer {
  const { data, method = 0, size = data.length, name } = entry;
  const head = Buffer.alloc(46);
  head.write('PK\x01\x02', 'latin1');
  head.writeUInt16LE(flagsOf(entry), 8);
  head.writeUInt16LE(method, 10);
  head.writeUInt32LE(data.length, 20);
  head.writeUInt32LE(size, 24);
  head.writeUInt16LE(Buffer.byteLength(name), 28);
  head.writeUInt32LE(offset, 42);
  return Buffer.concat([head, Buffer.from(name)]);
}

/** Writes an ar archive. */
export function arOf(members: readonly { readonly name: string; readonly data: Uint8Array }[]): Buffer {
  const parts = members.flatMap(({ name, data }) => {
    const head = Buffer.alloc(60, ' ');
    head.write(name, 0);
    head.write(String(data.length), 48);
    head.write('`\n', 58);
    return [head, data, Buffer.alloc(data.length % 2, '\n')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

/** Writes a tar of plain files. */
export function tarOf(files: readonly { readonly name: string; readonly data: Uint8Array }[]): Buffer {
  const parts = files.flatMap(({ name, data }) => [
    tarHeader(name, data.length, '0'),
    data,
    Buffer.alloc(-data.length & 511),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

export function tarHeader(name: string, size: number, type: string): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write('0000644\0', 100);
  head.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  head.write('        ', 148);
  head.write(type, 156);
  head.write('ustar\x0000', 257, 'latin1');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return head;
}

/** Writes the headers of a PE file; with `clr`, those of managed code too. */
export function peOf(
  machine: number,
  clr?: { readonly flags: number; readonly readyToRun?: boolean },
): Buffer {
  const file = Buffer.alloc(0x400);
  file.write('MZ');
  file.writeUInt32LE(0x80, 0x3c);
  file.write('PE\0\0', 0x80, 'latin1');
  file.writeUInt16LE(machine, 0x84);
  file.writeUInt16LE(1, 0x86);
  file.writeUInt16LE(240, 0x94);
  const optional = 0x98;
  file.writeUInt16LE(0x20b, optional);
  file.writeUInt32LE(16, optional + 108);
  const section = optional + 240;
  file.write('.text', section);
  file.writeUInt32LE(0x1000, section + 12);
  file.writeUInt32LE(0x200, section + 16);
  file.writeUInt32LE(0x200, section + 20);
  if (clr === undefined) return file;
  file.writeUInt32LE(0x1000, optional + 112 + 14 * 8);
  file.writeUInt32LE(72, 0x200);
  file.writeUInt32LE(clr.flags, 0x210);
  if (clr.readyToRun === true) {
    file.writeUInt32LE(0x1080, 0x240);
    file.write('RTR\0', 0x280, 'latin1');
  }
  return file;
}

/** Writes a WebAssembly module of custom sections. */
export function wasmOf(sections: readonly { readonly name: string; readonly bytes: number }[]): Buffer {
  const parts = sections.map(({ name, bytes }) => {
    const body = Buffer.concat([leb(Buffer.byteLength(name)), Buffer.from(name), Buffer.alloc(bytes)]);
    return Buffer.concat([Buffer.of(0), leb(body.length), body]);
  });
  return Buffer.concat([Buffer.from('\0asm\x01\0\0\0', 'latin1'), ...parts]);
}

export function leb(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.of(...bytes, left);
    bytes.push((left % 128) | 0x80);
  }
}

import { isTarHeader } from './archive/tar-handler.ts';
import { isJavaClass, readMachO } from './macho.ts';

/** What the first bytes of a file say it is. */
export type Detected =
  | 'empty'
  | 'text'
  | 'data'
  | 'elf'
  | 'pe'
  | 'macho'
  | 'wasm'
  | 'wasm-aot'
  | 'java-class'
  | 'bitcode'
  | 'script'
  | 'zip'
  | 'gzip'
  | 'ar'
  | 'tar'
  /** Recognised, and not opened: `mayHoldCode` says whether that leaves a question. */
  | { readonly format: string; readonly mayHoldCode: boolean };

const magics: readonly (readonly [magic: Buffer, detected: Detected])[] = [
  [latin1('\x7fELF'), 'elf'],
  [latin1('MZ'), 'pe'],
  [latin1('\0asm'), 'wasm'],
  [latin1('\0aot'), 'wasm-aot'],
  [latin1('BC\xc0\xde'), 'bitcode'],
  [latin1('#!'), 'script'],
  [latin1('PK\x03\x04'), 'zip'],
  [latin1('PK\x05\x06'), 'zip'],
  // A Java module is a zip behind four bytes.
  [latin1('JM\x01\0PK\x03\x04'), 'zip'],
  [latin1('\x1f\x8b\x08'), 'gzip'],
  [latin1('!<arch>\n'), 'ar'],
  [latin1('!<thin>\n'), 'ar'],
  unopened('xz', '\xfd7zXZ\0'),
  unopened('zstd', '\x28\xb5\x2f\xfd'),
  unopened('bzip2', 'BZh'),
  unopened('lz4', '\x04\x22\x4d\x18'),
  unopened('lzip', 'LZIP'),
  unopened('compress', '\x1f\x9d'),
  unopened('lzma', '\x5d\0\0\x80\0'),
  unopened('7z', '7z\xbc\xaf\x27\x1c'),
  unopened('rar', 'Rar!\x1a\x07'),
  unopened('rpm', '\xed\xab\xee\xdb'),
  unopened('cpio', '070701'),
  unopened('cpio', '070702'),
  unopened('cpio', '070707'),
  unopened('squashfs', 'hsqs'),
  unopened('cab', 'MSCF\0\0\0\0'),
  // Classes laid out for one machine's JVM, but no code of it.
  [latin1('\xa2\xba\x0b\xf0'), { format: 'java-cds', mayHoldCode: false }],
  [latin1('\xa8\xba\x0b\xf0'), { format: 'java-cds', mayHoldCode: false }],
  [latin1('\xda\xda\xfe\xca'), { format: 'java-image', mayHoldCode: false }],
];

/** Most files are text: one look at the first byte passes them all by. */
const firstBytes = new Set(magics.map(([magic]) => magic[0]));

function unopened(format: string, magic: string): readonly [Buffer, Detected] {
  return [latin1(magic), { format, mayHoldCode: true }];
}

/** Tells a file's kind by its first bytes; `head` holds all of them, or at least 512. */
export function detect(head: Buffer): Detected {
  if (head.length === 0) return 'empty';
  const found = firstBytes.has(head[0]) ? magics.find(([magic]) => startsWith(head, magic)) : undefined;
  if (found !== undefined) return found[1];
  if (readMachO(head) !== undefined) return 'macho';
  if (isJavaClass(head)) return 'java-class';
  if (isTarHeader(head)) return 'tar';
  return head.subarray(0, 512).includes(0) ? 'data' : 'text';
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function startsWith(head: Buffer, magic: Buffer): boolean {
  return head.length >= magic.length && magic.compare(head, 0, magic.length) === 0;
}

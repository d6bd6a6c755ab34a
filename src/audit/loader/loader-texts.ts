/** What a dynamic loader has compiled in, as far as it says so in its bytes. */
export interface LoaderTexts {
  /** glibc: the directories searched last, without closing slashes. Empty where none were found. */
  readonly directories: readonly string[];
  /** glibc: the path of its ld.so.cache. */
  readonly cache?: string;
  /** glibc: `$LIB`. */
  readonly lib?: string;
  /** musl: the search path it has without a path file. */
  readonly searchPath?: string;
  /** musl: the machine in the name of its path file. */
  readonly pathFileMachine?: string;
}

const maxTextLength = 4096;
const maxDirectories = 32;

/**
 * Reads the texts of glibc's `ld.so` or of musl's `libc.so`. glibc keeps its directories as texts that end in a slash, one
 * right behind the other (elf/dl-load.c, `system_dirs`); musl has one text with colons (ldso/dynlink.c).
 */
export function loaderTexts(bytes: Uint8Array): LoaderTexts {
  const found: { cache?: string; lib?: string; searchPath?: string; pathFileMachine?: string } = {};
  let longest: readonly string[] = [];
  let run: string[] = [];
  let runEnd = -1;
  for (const { text, start } of textsIn(bytes)) {
    if (isDirectory(text)) {
      if (start !== runEnd || run.length === maxDirectories) run = [];
      run.push(text.slice(0, -1));
      runEnd = start + text.length + 1;
      if (run.length > longest.length) longest = run;
    } else if (text.startsWith('/') && text.endsWith('/ld.so.cache')) found.cache ??= text;
    else if (libName.test(text)) found.lib ??= text;
    else if (isSearchPath(text)) found.searchPath ??= text;
    else setMachine(found, text);
  }
  return { directories: longest, ...found };
}

const libName = /^lib(?:64|32|x32)?(?:\/[a-z0-9_]+-linux-gnu[a-z0-9]*)?$/;

function setMachine(found: { pathFileMachine?: string }, text: string): void {
  const machine = /\/etc\/ld-musl-([a-z0-9_.-]+)\.path$/.exec(text)?.[1];
  if (machine !== undefined) found.pathFileMachine ??= machine;
}

interface Text {
  readonly text: string;
  /** Its first byte. */
  readonly start: number;
}

/** Printable texts that end with NUL: as far back from the NUL as bytes are printable. */
function* textsIn(bytes: Uint8Array): Generator<Text, void, undefined> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let begin = 0;
  for (let end = buffer.indexOf(0); end >= 0; end = buffer.indexOf(0, begin)) {
    let start = end;
    const least = Math.max(begin, end - maxTextLength);
    while (start > least && isPrintable(buffer[start - 1])) start -= 1;
    if (end - start > 2) yield { text: buffer.toString('latin1', start, end), start };
    begin = end + 1;
  }
}

function isPrintable(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0x20 && byte < 0x7f;
}

function isDirectory(text: string): boolean {
  return text.startsWith('/') && text.endsWith('/') && text.includes('/lib') && !text.includes(':');
}

function isSearchPath(text: string): boolean {
  return text.includes(':') && text.split(':').every((part) => /^\/(?:[\w.-]+\/)*lib\w*$/.test(part));
}

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../core/index.ts';
import type { OriginContext } from '../../origin-types.ts';

export interface ProgramSpec {
  readonly machine?: 'amd64' | 'arm64';
  /** Such as `go1.22.5`. */
  readonly version?: string;
  /** Lines of the module information. */
  readonly lines?: readonly string[];
  /** Bytes of sections, by name. */
  readonly sizes?: Readonly<Record<string, number>>;
  readonly interpreter?: boolean;
  /** More content, of no section. */
  readonly behind?: number;
}

const machines = { amd64: 62, arm64: 183 };

/** What Go records of `go install example.com/tool@v1.2.3`. Settings of the value `undefined` are left out. */
export function linesOf(
  settings: Readonly<Record<string, string | undefined>> = {},
  more: { readonly path?: string; readonly mod?: string; readonly deps?: readonly string[] } = {},
): readonly string[] {
  const { path = 'example.com/tool', mod = 'example.com/tool\tv1.2.3\th1:abc=', deps = [lib] } = more;
  const all = {
    ...{ '-buildmode': 'exe', '-compiler': 'gc', CGO_ENABLED: '0', GOARCH: 'amd64', GOOS: 'linux' },
    ...(settings['GOARCH'] === 'arm64' ? { GOARM64: 'v8.0' } : { GOAMD64: 'v1' }),
    ...settings,
  };
  const build = Object.entries(all).flatMap(([key, value]) =>
    value === undefined ? [] : [`build\t${key}=${/["\\\s]/.test(value) ? JSON.stringify(value) : value}`],
  );
  return [`path\t${path}`, `mod\t${mod}`, ...deps.map((dep) => `dep\t${dep}`), ...build];
}

const lib = 'example.com/lib\tv0.1.0\th1:def=';

/** A static program as Go's linker lays it out, as far as it's looked at: sections, and the build information. */
export function goElf(spec: ProgramSpec = {}): Buffer {
  const { machine = 'amd64', version = 'go1.22.5', lines = linesOf(), sizes = {}, behind = 0 } = spec;
  const framed = `0123456789abcdef${lines.join('\n')}\n0123456789abcdef`;
  const info = Buffer.concat([infoHead(), counted(version), counted(framed)]);
  const all = { '.text': 640, '.rodata': 320, '.data': 48, '.noptrdata': 32, ...sizes };
  const bodies = [
    ...Object.entries(all).map(([name, size]) => ({ name, body: Buffer.alloc(size, 0x90) })),
    { name: '.go.buildinfo', body: info },
    ...(spec.interpreter === true ? [{ name: '.interp', body: Buffer.from('/lib64/ld.so\0') }] : []),
  ];
  return layOut(machines[machine], bodies, behind);
}

function infoHead(): Buffer {
  const head = Buffer.alloc(32);
  head.write('\xff Go buildinf:\x08\x02', 'latin1');
  return head;
}

function counted(text: string): Buffer {
  const length: number[] = [];
  let rest = Buffer.byteLength(text);
  for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...length, rest]), Buffer.from(text)]);
}

interface Body {
  readonly name: string;
  readonly body: Buffer;
}

function layOut(machine: number, bodies: readonly Body[], behind: number): Buffer {
  const segments = bodies.some(({ name }) => name === '.interp') ? 2 : 1;
  const names = ['', ...bodies.map(({ name }) => name), '.shstrtab'];
  const table = Buffer.from(`${names.join('\0')}\0`);
  const pieces: Buffer[] = [Buffer.alloc(64 + 56 * segments)];
  let size = pieces[0]?.length ?? 0;
  const add = (body: Buffer): number => {
    const padding = -size & 15;
    pieces.push(Buffer.alloc(padding), body);
    size += padding + body.length;
    return size - body.length;
  };
  const places = [...bodies, { name: '.shstrtab', body: table }].map(({ name, body }) => ({
    ...{ name, offset: add(body), size: body.length },
  }));
  const headers = Buffer.alloc(64 * (places.length + 1));
  for (const [index, { name, offset, size: length }] of places.entries()) {
    const at = 64 * (index + 1);
    headers.writeUInt32LE(nameAt(names, name), at);
    headers.writeUInt32LE(1, at + 4);
    headers.writeBigUInt64LE(BigInt(offset), at + 24);
    headers.writeBigUInt64LE(BigInt(length), at + 32);
  }
  const sectionsAt = add(headers);
  const file = Buffer.concat([...pieces, Buffer.alloc(behind)]);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(0x40_0040n, 24);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(sectionsAt), 40);
  for (const [index, value] of [64, 56, segments, 64, places.length + 1, places.length].entries())
    file.writeUInt16LE(value, 52 + 2 * index);
  writeSegment(file, 64, { type: 1, flags: 6, offset: 0, size });
  const interpreter = places.find(({ name }) => name === '.interp');
  if (interpreter !== undefined) writeSegment(file, 120, { type: 3, flags: 4, ...interpreter });
  return file;
}

function nameAt(names: readonly string[], name: string): number {
  return names.slice(0, names.indexOf(name)).reduce((sum, one) => sum + one.length + 1, 0);
}

function writeSegment(
  file: Buffer,
  at: number,
  { type, flags, offset, size }: { type: number; flags: number; offset: number; size: number },
): void {
  file.writeUInt32LE(type, at);
  file.writeUInt32LE(flags, at + 4);
  file.writeBigUInt64LE(BigInt(offset), at + 8);
  file.writeBigUInt64LE(BigInt(0x40_0000 + offset), at + 16);
  file.writeBigUInt64LE(BigInt(0x40_0000 + offset), at + 24);
  file.writeBigUInt64LE(BigInt(size), at + 32);
  file.writeBigUInt64LE(BigInt(size), at + 40);
  file.writeBigUInt64LE(0x1000n, at + 48);
}

/** What a stand-in does for a command: `go install`, `git clone`. */
export interface Act {
  readonly stderr?: string;
  readonly stdout?: string;
  readonly code?: number;
  readonly hang?: boolean;
  /** Written without end, to this stream. */
  readonly flood?: 'stdout' | 'stderr';
}

export interface Script {
  /** What `go version` says, by GOTOOLCHAIN; others can't be had. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  /** Programs that are built: by `GOARCH`, or `GOARCH -ldflags=…`. */
  readonly programs?: Readonly<Record<string, Buffer>>;
  /** By command and first word: `go install`. */
  readonly acts?: Readonly<Record<string, Act>>;
  /** Files of the repository, by path. */
  readonly repository?: Readonly<Record<string, string>>;
}

export interface Call {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface Workplace {
  readonly context: OriginContext;
  readonly environment: Readonly<Record<string, string>>;
  /** Puts stand-ins for go and git on PATH. */
  readonly install: (script: Script) => void;
  /** The process that a stand-in that hangs has started. */
  readonly child: () => number;
  /** Of the stand-ins, in order. */
  readonly calls: () => readonly Call[];
  readonly remove: () => void;
}

/** Folders of one test, and a PATH of its own. */
export function workplace(): Workplace {
  const folder = join(tmpdir(), `armload-go-${randomUUID()}`);
  const [bin, stage, log] = [join(folder, 'bin'), join(folder, 'stage'), join(folder, 'log')];
  for (const one of [bin, join(folder, 'work')]) mkdirSync(one, { recursive: true });
  return {
    context: {
      folder: join(folder, 'work'),
      cache: join(folder, 'cache'),
      taken: new Set<string>(),
      clock: systemClock,
    },
    environment: {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      ...{ HOME: folder, GOFLAGS: '-race', GOARCH: 'mips', CGO_ENABLED: '1', GIT_DIR: '/x' },
    },
    install(script) {
      rmSync(stage, { recursive: true, force: true });
      setStage(stage, folder, script);
      for (const name of ['go', 'git']) writeFileSync(join(bin, name), standIn, { mode: 0o755 });
    },
    child: () => Number(readFileSync(join(folder, 'child'), 'utf8')),
    calls: () => (existsSync(log) ? readCalls(readFileSync(log, 'utf8')) : []),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What the stand-ins find beside them. */
function setStage(stage: string, folder: string, script: Script): void {
  const put = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(stage, path)), { recursive: true });
    writeFileSync(join(stage, path), content);
  };
  const { versions = { local: 'go1.22.5' }, programs = {}, acts = {}, repository = {} } = script;
  const own = { GOMODCACHE: join(folder, 'modules'), GOCACHE: join(folder, 'builds') };
  put('settings', JSON.stringify({ ...own, ...script.settings }));
  for (const [name, version] of Object.entries(versions))
    put(`versions/${name}`, `go version ${version} x/y\n`);
  for (const [name, bytes] of Object.entries(programs)) put(`programs/${name}`, bytes);
  for (const [path, text] of Object.entries(repository)) put(`repository/${path}`, text);
  const modules = Object.keys(repository).filter((path) => path.endsWith('go.mod'));
  put('modules', modules.join('\0'));
  for (const [name, act] of Object.entries(acts)) {
    put(`said/${name}`, act.stderr ?? '');
    put(`printed/${name}`, act.stdout ?? '');
    put(`acts/${name}`, actText(act));
  }
}

function actText({ hang = false, flood, code = 0 }: Act): string {
  const end = hang
    ? 'sleep 60 & echo $! > "$dir/child"; wait'
    : flood === undefined
      ? ''
      : `yes${flood === 'stderr' ? ' >&2' : ''}`;
  return `cat "$dir/stage/said/$key" >&2\ncat "$dir/stage/printed/$key"\n${end}\nexit ${code}\n`;
}

function readCalls(text: string): readonly Call[] {
  return text
    .split('END\n')
    .slice(0, -1)
    .map((block) => {
      const lines = block.trimEnd().split('\n');
      const of = (mark: string) => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(2));
      const variables = of('E ').map((line) => [
        line.slice(0, line.indexOf('=')),
        line.slice(line.indexOf('=') + 1),
      ]);
      return { words: of('W '), environment: Object.fromEntries(variables) as Record<string, string> };
    });
}

const standIn = String.raw`#!/bin/sh
dir=$(cd "$(dirname "$0")/.." && pwd)
name=$(basename "$0")
command=$1
last=; out=; flags=; before=
for word in "$@"; do
  case "$name $word" in
    "git clone"|"git cat-file"|"git checkout"|"git fetch"|"git ls-files"|"git archive") command=$word ;;
    "go -ldflags="*) flags=" $word" ;;
  esac
  [ "$before" = -o ] && out=$word
  before=$word; last=$word
done
key="$name $command"
{ printf 'W %s\n' "$name" "$@"; env | sed 's/^/E /'; printf 'END\n'; } >> "$dir/log"
[ -f "$dir/stage/acts/$key" ] && . "$dir/stage/acts/$key"
program="$dir/stage/programs/$GOARCH$flags"
[ -f "$program" ] || program="$dir/stage/programs/$GOARCH"
case $key in
  "go env") cat "$dir/stage/settings" ;;
  "go version")
    [ -f "$dir/stage/versions/$GOTOOLCHAIN" ] || { echo "go: download $GOTOOLCHAIN: not available" >&2; exit 1; }
    cat "$dir/stage/versions/$GOTOOLCHAIN" ;;
  "go install")
    to=$GOPATH/bin; [ "$GOARCH" = amd64 ] || to=$to/linux_$GOARCH
    mkdir -p "$to"; [ ! -f "$program" ] || cp "$program" "$to/tool" ;;
  "go build") cp "$program" "$out" ;;
  "go list") echo '{"Origin":{"VCS":"git","URL":"https://git.example.com/tool"}}' ;;
  "git clone") mkdir -p "$last"; cp -R "$dir/stage/repository/." "$last" ;;
  "git ls-files") cat "$dir/stage/modules" ;;
  "git archive") printf archive > "$out" ;;
esac
`;

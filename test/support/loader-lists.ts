import { exec } from './real-parts.ts';

/** What a loader takes for one program: library name to absolute path, links followed. */
export type LoaderList = Readonly<Record<string, string>>;

const loader = '/lib/ld-linux-aarch64.so.1';
/** Programs for each shell: two of them run at a time. */
const batchSize = 60;
const mark = '==> ';
/** Stands for the path of what the loader doesn't find. */
export const missing = 'not found';
/** `--list` ends at the first library that is missing; tracing, as ldd(1) does it, goes on behind it. */
const commands = { list: `${loader} --list`, trace: `LD_TRACE_LOADED_OBJECTS=1 ${loader}` } as const;

/** Asks the glibc loader of an arm64 root, under emulation, for what each program or library needs. */
export async function loaderLists(
  root: string,
  programs: readonly string[],
  how: keyof typeof commands,
): Promise<ReadonlyMap<string, LoaderList>> {
  const script = `for program; do echo "${mark}$program"; ${commands[how]} "$program" 2>&1; done; true`;
  const batches: string[][] = [];
  for (let at = 0; at < programs.length; at += batchSize) batches.push(programs.slice(at, at + batchSize));
  const outputs: string[] = [];
  const shells = [0, 1].map(async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop())
      outputs.push(await inRoot(root, 'sh', '-c', script, 'sh', ...batch));
  });
  await Promise.all(shells);
  const listed = outputs.flatMap((output) => output.split(mark).slice(1)).map(parseList);
  const paths = new Set(listed.flatMap(({ taken }) => taken.map(([, path]) => path)));
  paths.delete(missing);
  const real = await realPaths(root, [...paths]);
  return new Map(
    listed.map(({ program, taken }) => [
      program,
      Object.fromEntries(taken.map(([name, path]) => [name, real.get(path) ?? path])),
    ]),
  );
}

/** Each path to what it is with all links followed, by the root's own `realpath`. */
export async function realPaths(
  root: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const output = await inRoot(root, 'realpath', '-m', ...paths);
  const lines = output.trimEnd().split('\n');
  return new Map(paths.map((path, index) => [path, lines[index] ?? '']));
}

/**
 * `name => path (address)`, or `path (address)` for what is named by its path. The kernel's own library has no path;
 * anything else is a complaint, and stays as it is.
 */
function parseList(text: string): { program: string; taken: (readonly [string, string])[] } {
  const [program = '', ...lines] = text.split('\n');
  const taken = lines.flatMap((line): (readonly [string, string])[] => {
    const absent = /^\t(\S+) => not found$/.exec(line)?.[1];
    if (absent !== undefined) return [[absent, missing]];
    if (line === '\tstatically linked') return [];
    const [, name, path] = /^\t(?:(\S+) => )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line) ?? [];
    if (path !== undefined) return [[name ?? path, path]];
    return line === '' || /^\t\S* ?\(0x[0-9a-f]+\)$/.test(line) ? [] : [[line.trim(), missing]];
  });
  return { program, taken };
}

function inRoot(root: string, ...words: readonly string[]): Promise<string> {
  const path = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin';
  return exec('chroot', root, '/usr/bin/env', '-i', path, ...words);
}

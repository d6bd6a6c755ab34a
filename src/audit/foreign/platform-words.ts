/** How file names spell an architecture, by its Go name; longer spellings before those they begin with. */
const spellings: readonly (readonly [architecture: string, pattern: string])[] = [
  [
    'amd64',
    // The last two: Prisma names its engines for amd64 by distribution alone.
    'x86[_-]?64(?:[_-]v[2-4])?|amd64(?:[_-]?v[1-4])?|x64|intel64|linux[_-]?64|lin64|win64|(?:debian|rhel)(?=-openssl)|linux-musl(?=-openssl)',
  ],
  ['amd64p32', 'gnux32|x32'],
  ['386', 'x86[_-]32|x86|i[3-6]86|ia32|386|linux[_-]?32'],
  ['arm64', 'aarch[_-]?64|arm[_-]?64(?:[_-]?v[89]a?(?:[._]\\d)?)?|armv8|arm[_-]v8'],
  [
    'arm',
    'armeabi(?:-v7a)?|arm[_-]?v[5-7][a-z]{0,2}|arm32(?:v[5-7])?|arm[_-]32|aarch[_-]?32|armhf|armel|arm',
  ],
  ['ppc64le', 'ppc64le|ppc64el|powerpc64le|ppcle[_-]64'],
  ['ppc64', 'ppc64|powerpc64|ppc[_-]64'],
  ['ppc', 'ppc|powerpc'],
  ['s390x', 's390x|s390[_-]64'],
  ['s390', 's390'],
  ['riscv64', 'riscv[_-]?64(?:gc)?'],
  ['loong64', 'loongarch[_-]?64|loong64'],
  ['mips64le', 'mips64(?:le|el)|mipsel[_-]64'],
  ['mips64', 'mips64|mips[_-]64'],
  ['mipsle', 'mipsle|mipsel'],
  ['mips', 'mips'],
];

const systems: readonly (readonly [os: string, pattern: string])[] = [
  ['linux', 'linux(?:musl|glibc)?'],
  ['windows', 'windows|win32|win|mingw32|mingw|cygwin'],
  ['darwin', 'darwin|macosx|macos|osx|mac|apple'],
  ['freebsd', 'freebsd'],
  ['openbsd', 'openbsd'],
  ['netbsd', 'netbsd'],
  ['dragonfly', 'dragonfly'],
  ['solaris', 'sunos|solaris|illumos'],
  ['aix', 'aix'],
  ['android', 'linux-android(?:eabi)?|android(?:eabi)?'],
  ['ios', 'ios'],
];

/** What stands beside those in names such as `x86_64-unknown-linux-gnu`. */
const companions =
  'gnueabihf|gnueabi|gnu|glibc|musleabihf|musleabi|musl|eabihf|eabi|unknown|none|pc|w64|redhat|alpine|suse|conda|poky';

const architectureGroups = spellings.map(([name, pattern]) => `(?<a_${name}>${pattern})`);
const systemGroups = [...systems].reverse().map(([name, pattern]) => `(?<s_${name}>${pattern})`);
const wordPattern = new RegExp(
  `(?<![a-z0-9])(?:${[...architectureGroups, ...systemGroups, companions].join('|')})(?![a-z0-9])`,
  'gi',
);

/** Neighbouring words of one name, such as `linux-x64-musl`. */
export interface PlatformName {
  /** Index of the path's component that it stands in. */
  readonly component: number;
  /** As written. */
  readonly text: string;
  /** Does it fill its component? */
  readonly whole: boolean;
  /** In the order of the text; never empty. */
  readonly architectures: readonly string[];
  /** In the name itself, or as the component before or behind it: `linux/amd64`. */
  readonly os?: string;
  readonly musl: boolean;
}

/** What a path says of platforms. */
export interface PathWords {
  readonly components: readonly string[];
  readonly names: readonly PlatformName[];
  /** The path with its platform names taken out: what is equal for all twins. */
  readonly key: string;
}

interface Run {
  readonly start: number;
  end: number;
  readonly architectures: string[];
  os: string | undefined;
}

/** Finds the platform names in a path; inner paths of archives are joined by `!/`. */
export function wordsOf(path: string): PathWords {
  const components = path.split('/');
  const starts = startsOf(components);
  const runs = runsIn(path);
  const placed = runs.map((run) => ({ run, ...placeOf(run, path, starts) }));
  const systemAt = new Map<number, string>();
  for (const { run, component, whole } of placed)
    if (whole && run.os !== undefined && run.architectures.length === 0) systemAt.set(component, run.os);
  const names = placed.flatMap(({ run, component, whole }): PlatformName[] => {
    if (run.architectures.length === 0) return [];
    const text = path.slice(run.start, run.end);
    const os = run.os ?? systemAt.get(component - 1) ?? systemAt.get(component + 1);
    const musl = /musl/i.test(text);
    return [
      { component, text, whole, architectures: run.architectures, ...(os === undefined ? {} : { os }), musl },
    ];
  });
  return { components, names, key: keyOf(path, runs) };
}

/** The last name of a path, the one that says most of the file. */
export function lastName({ names }: PathWords): PlatformName | undefined {
  return names.at(-1);
}

function runsIn(path: string): Run[] {
  const runs: Run[] = [];
  for (const match of path.matchAll(wordPattern)) {
    const [text] = match;
    const start = match.index;
    const before = runs.at(-1);
    const joins = before !== undefined && start - before.end === 1 && !'/!'.includes(path[before.end] ?? '/');
    const run = joins ? before : { start, end: start, architectures: [], os: undefined };
    if (!joins) runs.push(run);
    run.end = start + text.length;
    addWord(run, match.groups ?? {}, text.toLowerCase());
  }
  return runs;
}

function addWord(run: Run, groups: Readonly<Record<string, string | undefined>>, text: string): void {
  const group = Object.keys(groups).find((name) => groups[name] !== undefined);
  if (group?.startsWith('a_') === true) {
    run.architectures.push(group.slice(2));
    if (/^(?:lin|debian|rhel)/.test(text)) run.os ??= 'linux';
    if (text.startsWith('win')) run.os ??= 'windows';
  } else if (group !== undefined) run.os = group.slice(2);
}

/** The key drops the system only where it is Linux: `darwin-arm64` is no twin of `linux-x64`. */
function keyOf(path: string, runs: readonly Run[]): string {
  let key = '';
  let at = 0;
  for (const { start, end, architectures, os } of runs) {
    if (architectures.length === 0) continue;
    key += `${path.slice(at, start)}\0${os === undefined || os === 'linux' ? '' : os}`;
    at = end;
  }
  return key + path.slice(at);
}

function startsOf(components: readonly string[]): number[] {
  let at = 0;
  return components.map((component) => {
    const start = at;
    at += component.length + 1;
    return start;
  });
}

function placeOf(run: Run, path: string, starts: readonly number[]): { component: number; whole: boolean } {
  let low = 0;
  for (let high = starts.length - 1; low < high; ) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= run.start) low = middle;
    else high = middle - 1;
  }
  const endsThere = run.end === path.length || path[run.end] === '/';
  return { component: low, whole: run.start === starts[low] && endsThere };
}

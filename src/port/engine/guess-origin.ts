import type { MergedView, ViewEntry } from '../../layer/index.ts';

/** Where a file of machine code seems to be from, for people. */
export interface OriginGuess {
  readonly text: string;
  /** How it would be lifted, as the beginning of a sentence. */
  readonly lift: string;
}

type Rule = (file: ViewEntry, view: MergedView) => OriginGuess | undefined;

/** The first that knows the file. */
const rules: readonly Rule[] = [
  goProgram,
  kernelModule,
  vendorLibrary,
  pythonPackage,
  nodePackage,
  rubyGem,
  condaPackage,
  archive,
];

/** By the file itself and the folders it's in. `undefined` where nothing tells. */
export function guessOrigin(file: ViewEntry, view: MergedView): OriginGuess | undefined {
  for (const rule of rules) {
    const guess = rule(file, view);
    if (guess !== undefined) return guess;
  }
  return undefined;
}

function goProgram({ path, entry }: ViewEntry): OriginGuess | undefined {
  const go = entry.facts?.kind === 'elf' ? entry.facts.elf.go : undefined;
  if (go === undefined) return undefined;
  const { module, path: main } = go;
  const name =
    module === undefined ? (main ?? 'of a module that it does not name') : `${module.path} ${module.version}`;
  return {
    text: `go: ${name}`,
    lift: `Take the arm64 program of that version from its release or build it, and name it with --replace /${path}=FILE`,
  };
}

function kernelModule({ path }: ViewEntry): OriginGuess | undefined {
  if (!/\.ko(?:\.[a-z0-9]+)?$/.test(path)) return undefined;
  return {
    text: 'kernel: a module',
    lift: 'A module is built for the kernel that loads it: take it from who makes it for arm64 kernels, and name it with --replace',
  };
}

/** Libraries that their vendors alone build, by name: CUDA's and what is made on it, Intel's MKL. */
const vendors: readonly (readonly [name: RegExp, guess: OriginGuess])[] = [
  [
    /^lib(?:cuda|cudart|cublas|cudnn|cufft|curand|cusolver|cusparse|nccl|npp|nvblas|nvinfer|nvjpeg|nvrtc|nvToolsExt|nvidia)[A-Za-z0-9_-]*\.so(?:\.|$)/,
    {
      text: 'vendor: NVIDIA CUDA',
      lift: "NVIDIA builds it for arm64 itself: take the vendor's packages or image for arm64",
    },
  ],
  [
    /^libmkl_[a-z0-9_]+\.so(?:\.|$)/,
    {
      text: 'vendor: Intel MKL',
      lift: 'Intel builds no MKL for arm64: take a build of what uses it with another library, such as OpenBLAS',
    },
  ],
];

function vendorLibrary({ path }: ViewEntry): OriginGuess | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return vendors.find(([pattern]) => pattern.test(name))?.[1];
}

const packageFolders = /^(.*\/(?:site|dist)-packages)\/([^/]+)/;

function pythonPackage({ path }: ViewEntry, view: MergedView): OriginGuess | undefined {
  const [, folder, top] = packageFolders.exec(path) ?? [];
  if (folder === undefined || top === undefined) return undefined;
  const wanted = (top.split('.')[0] ?? '').replace(/[-_.]+/g, '_').toLowerCase();
  const info = view
    .list(folder)
    .map((item) => item.path.slice(folder.length + 1))
    .filter((name) => name.endsWith('.dist-info'))
    .map((name) => name.slice(0, -'.dist-info'.length))
    .find((name) => name.toLowerCase().replace(/-[^-]*$/, '') === wanted);
  const name = info?.replace(/-([^-]*)$/, ' $1') ?? top;
  return {
    text: `python: ${name}`,
    lift: 'Only wheels that an index has are ported: build the image for arm64, or name its files with --replace',
  };
}

function nodePackage({ path }: ViewEntry): OriginGuess | undefined {
  const at = path.lastIndexOf('node_modules/');
  if (at < 0) return undefined;
  const [first = '', second = ''] = path.slice(at + 'node_modules/'.length).split('/');
  const name = first.startsWith('@') ? `${first}/${second}` : first;
  return {
    text: `node: ${name}`,
    lift: 'Only packages that a registry has for arm64 are ported: build the image for arm64, or name its files with --replace',
  };
}

function rubyGem({ path }: ViewEntry): OriginGuess | undefined {
  const [, name] = /\/(?:gems|extensions\/[^/]+\/[^/]+)\/([^/]+-[0-9][^/]*)\//.exec(path) ?? [];
  if (name === undefined) return undefined;
  return {
    text: `ruby: ${name}`,
    lift: 'Only gems that a gem server has for arm64 are ported: build the image for arm64, or name its files with --replace',
  };
}

function condaPackage({ path }: ViewEntry, view: MergedView): OriginGuess | undefined {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const root = path.slice(0, end);
    if (view.lookup(`${root}/conda-meta`) === undefined) continue;
    return {
      text: `conda: the environment in /${root}`,
      lift: 'A conda environment is made anew for linux-aarch64 from its lock file: build the image for arm64',
    };
  }
  return undefined;
}

function archive({ path, entry }: ViewEntry): OriginGuess | undefined {
  if (entry.facts?.kind !== 'archive') return undefined;
  const isJava = /\.(?:jar|war|ear)$/.test(path);
  return {
    text: isJava ? 'java: an archive with native libraries' : 'an archive with machine code in it',
    lift: `Take a version of it that has arm64 code too, and name it with --replace /${path}=FILE`,
  };
}

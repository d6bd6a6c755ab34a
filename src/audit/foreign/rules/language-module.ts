import { lastName } from '../platform-words.ts';
import { type ForeignFile, type ImageKnowledge, type Judgement, nameOf } from '../types.ts';
import { isLibrary } from './program.ts';

interface ModuleKind {
  readonly role: string;
  /** What loads it. */
  readonly loader: string;
  readonly isOne: (file: ForeignFile) => boolean;
  /** Does the loader pick by platform, so that one for another platform isn't asked for? */
  readonly picks?: (file: ForeignFile) => boolean;
}

const jvmFolder = /^(?:jvm|jdk|jre|java|openjdk|graalvm|temurin|zulu|corretto|semeru)(?:[-_.\d].*)?$/;
const jvmLibrary = /\/(?:lib|jre\/lib)\/(?:[^/]+\/){0,2}lib[^/]+\.so$/;
const dotnetLibrary = /^lib(?:coreclr|clrjit|hostfxr|hostpolicy|System\.[\w.]+\.Native)\.so$/;

/** Where languages and servers load machine code from, with nothing but the file's name to go by. */
const kinds: readonly ModuleKind[] = [
  {
    role: 'node-module',
    loader: 'Node.js',
    isOne: (file) => nameOf(file).endsWith('.node'),
    picks: isNamedForAnother,
  },
  {
    role: 'python-module',
    loader: 'Python',
    isOne: ({ entry }) =>
      /(?:^|\/)(?:(?:site|dist)-packages|lib-dynload|lib(?:64)?\/python\d[\d.]*)\//.test(entry.path),
    // The end of an extension's name is Python's own: `.cpython-312-x86_64-linux-gnu.so`.
    picks: (file) => isNamedForAnother(file) && !/\.cpython-[^/]*$/.test(file.entry.path),
  },
  {
    role: 'java-runtime',
    loader: 'the Java runtime',
    isOne: ({ entry, words }) =>
      jvmLibrary.test(entry.path) && words.components.some((component) => jvmFolder.test(component)),
  },
  {
    role: 'dotnet-runtime',
    loader: '.NET',
    isOne: (file) => dotnetLibrary.test(nameOf(file)),
    picks: isNamedForAnother,
  },
  {
    role: 'perl-module',
    loader: 'Perl',
    isOne: ({ entry }) => entry.path.includes('/auto/') && /(?:^|\/)perl[^/]*\//.test(entry.path),
  },
  {
    role: 'php-extension',
    loader: 'PHP',
    isOne: ({ entry }) => /(?:^|\/)lib(?:64)?\/php[^/]*\//.test(entry.path),
  },
  {
    role: 'ruby-module',
    loader: 'Ruby',
    isOne: ({ entry }) =>
      /(?:^|\/)(?:lib(?:64)?\/(?:[^/]+\/)?ruby|gems|extensions\/[^/]+\/\d[\d.]*|site_ruby|vendor_ruby)\//.test(
        entry.path,
      ),
  },
  {
    role: 'server-module',
    loader: 'the web server',
    isOne: ({ entry }) => /(?:^|\/)(?:nginx|apache2|httpd)\/modules\//.test(entry.path),
  },
  {
    role: 'postgres-library',
    loader: 'PostgreSQL',
    isOne: ({ entry }) =>
      /(?:^|\/)(?:lib(?:64)?\/(?:postgresql|pgsql)|(?:postgresql|pgsql)[^/]*\/(?:[^/]+\/)?lib)\//.test(
        entry.path,
      ),
  },
  {
    role: 'r-library',
    loader: 'R',
    isOne: ({ entry }) => /(?:^|\/)R\/(?:site-)?library\//.test(entry.path),
  },
  {
    role: 'erlang-library',
    loader: 'Erlang',
    isOne: ({ entry }) => /(?:^|\/)(?:erlang|lib\/[^/]+-\d[\d.]*)\/(?:[^/]+\/){0,2}priv\//.test(entry.path),
  },
  { role: 'lua-module', loader: 'Lua', isOne: ({ entry }) => /(?:^|\/)lib\/lua\//.test(entry.path) },
];

/** Modules of language runtimes and servers. */
export function languageModule(file: ForeignFile, { platform }: ImageKnowledge): Judgement | undefined {
  if (file.innerPath !== '' || file.code.offset > 0 || !isLibrary(file)) return undefined;
  const kind = kinds.find(({ isOne }) => isOne(file));
  if (kind === undefined) return undefined;
  const { role, loader, picks } = kind;
  if (picks?.(file) === true)
    return {
      verdict: 'unknown',
      role,
      because: `${capital(loader)} picks it by platform, and there is none for ${platform.architecture}.`,
    };
  return {
    verdict: 'reachable',
    role,
    because: `It lies where ${loader} loads machine code from, and there is no ${platform.architecture} one in its place.`,
  };
}

function isNamedForAnother({ words }: ForeignFile): boolean {
  return lastName(words) !== undefined;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

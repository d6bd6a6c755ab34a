import type { MergedView } from '../../../layer/index.ts';
import { parseOsRelease, readOsRelease } from '../../base/os-release.ts';
import { imageFile, imageFolder } from '../debian/image-text.ts';
import { mirrored, withoutSlash } from '../shared/packages/mirrors.ts';

/** A place that packages come from (dnf.conf(5), "Repo Options"). */
export interface RpmRepository {
  readonly id: string;
  /** Without a closing slash; the first that works counts. */
  readonly urls: readonly string[];
}

export interface RepositoriesReading {
  readonly repositories: readonly RpmRepository[];
  /** Sentences: repositories that can't be followed. */
  readonly problems: readonly string[];
}

export interface RepositoriesOptions {
  /** `aarch64`. */
  readonly architecture: string;
  readonly mirrors?: Readonly<Record<string, string>>;
  /** Addresses that a person named. */
  readonly named?: readonly string[];
}

const folders = ['etc/yum.repos.d', 'etc/distro.repos.d', 'usr/share/dnf5/repos.d', 'etc/zypp/repos.d'];
const variableFolders = ['etc/dnf/vars', 'etc/yum/vars', 'usr/share/dnf5/vars.d'];

/** Files of an image that its repositories are read from, for the layer reader's `wanted`. */
export const repositoryFiles: readonly string[] = [
  ...folders.map((folder) => `${folder}/*.repo`),
  ...variableFolders.map((folder) => `${folder}/*`),
  'etc/os-release',
  'usr/lib/os-release',
];

/** The repositories that the image itself has switched on, and those that a person named before them. */
export function readRepositories(
  view: MergedView,
  { architecture, mirrors = {}, named = [] }: RepositoriesOptions,
): RepositoriesReading {
  const variables = variablesOf(view, architecture);
  const repositories: RpmRepository[] = named.map((url) => ({
    id: url,
    urls: [withoutSlash(filled(url, variables))],
  }));
  const problems: string[] = [];
  const paths = folders.flatMap((folder) =>
    imageFolder(view, folder).flatMap(({ path }) => (path.endsWith('.repo') ? [path] : [])),
  );
  for (const path of paths) {
    const file = imageFile(view, path);
    if (file.kind !== 'read') {
      if (file.kind === 'unread') problems.push(`/${path} was not read`);
      continue;
    }
    for (const { id, options } of sectionsOf(Buffer.from(file.bytes).toString('utf8'))) {
      if (!isOn(options.get('enabled'))) continue;
      const addresses = (options.get('baseurl') ?? '').split(/[\s,]+/).filter((word) => word !== '');
      const urls = addresses.map((address) => withoutSlash(filled(address, variables)));
      const usable = urls.filter(
        (url) => /^https?:\/\/[^/]/.test(url) && URL.canParse(url) && !url.includes('$'),
      );
      if (usable.length > 0) repositories.push({ id, urls: usable.map((url) => mirrored(url, mirrors)) });
      else problems.push(problemOf(id, path, { urls, options }));
    }
  }
  // A person who names repositories has answered for the lists of mirrors.
  return { repositories, problems: named.length > 0 ? [] : problems };
}

function problemOf(
  id: string,
  path: string,
  { urls, options }: { readonly urls: readonly string[]; readonly options: ReadonlyMap<string, string> },
): string {
  const list = ['metalink', 'mirrorlist'].find((key) => options.has(key));
  if (urls.length > 0) return `the repository ${id} of /${path} is at ${urls[0] ?? ''}, which can't be asked`;
  return `the repository ${id} of /${path} names ${list === undefined ? 'no address' : `a ${list}, which is not followed`}`;
}

interface Section {
  readonly id: string;
  readonly options: ReadonlyMap<string, string>;
}

/** `[id]`, and `key=value` lines; an indented line goes on with the one before. */
function sectionsOf(text: string): readonly Section[] {
  const sections: { id: string; options: Map<string, string> }[] = [];
  let key = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;].*)?$/.test(line)) continue;
    const [, id] = /^\[([^\]]+)\]\s*$/.exec(line) ?? [];
    const options = sections.at(-1)?.options;
    if (id !== undefined) sections.push({ id, options: new Map() });
    else if (/^\s/.test(line)) options?.set(key, `${options.get(key) ?? ''} ${line.trim()}`);
    else {
      const at = line.indexOf('=');
      key = line.slice(0, Math.max(0, at)).trim().toLowerCase();
      if (at > 0) options?.set(key, line.slice(at + 1).trim());
    }
  }
  return sections.filter(({ id }) => id !== 'main');
}

function isOn(written: string | undefined): boolean {
  return written === undefined || /^(?:1|yes|true|on)$/i.test(written);
}

/** What `$releasever` and the like stand for: dnf's own, and files of the image. */
function variablesOf(view: MergedView, architecture: string): ReadonlyMap<string, string> {
  const text = readOsRelease(view);
  const release = typeof text === 'string' ? (parseOsRelease(text)['VERSION_ID'] ?? '') : '';
  const [major = '', minor = ''] = release.split('.');
  // Releases of Red Hat's kind are named by their first number.
  const named =
    typeof text === 'string' &&
    /rhel|centos/.test(`${parseOsRelease(text)['ID']} ${parseOsRelease(text)['ID_LIKE']}`);
  const variables = new Map([
    ['basearch', architecture],
    ['arch', architecture],
    ['releasever', named ? major : release],
    ['releasever_major', major],
    ['releasever_minor', minor],
  ]);
  for (const folder of variableFolders)
    for (const { path } of imageFolder(view, folder)) {
      const file = imageFile(view, path);
      const value =
        file.kind === 'read' ? (Buffer.from(file.bytes).toString('utf8').split('\n')[0] ?? '') : '';
      if (value !== '') variables.set(path.slice(path.lastIndexOf('/') + 1), value.trim());
    }
  return variables;
}

/** `$name` or `${name}`; what stands for nothing stays, and can't be asked then. */
function filled(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g,
    (whole, braced?: string, plain?: string) => {
      return variables.get(braced ?? plain ?? '') ?? whole;
    },
  );
}

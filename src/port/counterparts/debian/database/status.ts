import { fieldOf, type Paragraph, parseControl } from '../control.ts';
import { DebianError } from '../errors.ts';
import { sourceOf } from '../source-of.ts';
import { parseVersion } from '../version.ts';
import type { Conffile, InstalledPackage, PackageState } from './types.ts';

/** A package as the status file has it: without what stands in other files. */
export type StatusEntry = Omit<InstalledPackage, 'files' | 'md5sums' | 'triggers' | 'infoFiles'>;

const states: ReadonlySet<string> = new Set<PackageState>([
  'not-installed',
  'config-files',
  'half-installed',
  'unpacked',
  'half-configured',
  'triggers-awaited',
  'triggers-pending',
  'installed',
]);
const multiArchs: ReadonlySet<string> = new Set<InstalledPackage['multiArch']>([
  'no',
  'same',
  'foreign',
  'allowed',
]);

/**
 * Reads dpkg's status file, or a file of `status.d` as distroless images have them, where a package without a `Status`
 * is installed. Packages that aren't installed at all are left out.
 * @throws DebianError `DEBIAN_MALFORMED` with the line, or `DEBIAN_LIMIT`.
 */
export function parseStatus(bytes: Uint8Array, path: string): readonly StatusEntry[] {
  return parseControl(bytes, { name: path })
    .map((paragraph) => entryOf(paragraph, path))
    .filter(({ state }) => state !== 'not-installed');
}

function entryOf(paragraph: Paragraph, path: string): StatusEntry {
  const [want = '', flag = '', state = ''] = (fieldOf(paragraph, 'Status') ?? 'install ok installed').split(
    /\s+/,
  );
  if (!isState(state)) throw wrong(paragraph, path, `the package has the unknown state "${state}"`);
  const name = fieldOf(paragraph, 'Package') ?? '';
  if (!/^[A-Za-z0-9][A-Za-z0-9+.-]*$/.test(name)) throw wrong(paragraph, path, `"${name}" names no package`);
  const version = fieldOf(paragraph, 'Version') ?? '';
  const architecture = fieldOf(paragraph, 'Architecture') ?? '';
  if (state !== 'not-installed' && state !== 'config-files') {
    if (parseVersion(version) === undefined)
      throw wrong(paragraph, path, `the package ${name} has the version "${version}", which is none`);
    if (!/^[a-z0-9][a-z0-9-]*$/.test(architecture))
      throw wrong(
        paragraph,
        path,
        `the package ${name} has the architecture "${architecture}", which is none`,
      );
  }
  const multiArch = (fieldOf(paragraph, 'Multi-Arch') ?? 'no').toLowerCase();
  return {
    name,
    architecture,
    version,
    source: sourceOf(paragraph, { name, version }),
    multiArch: isMultiArch(multiArch) ? multiArch : 'no',
    essential: fieldOf(paragraph, 'Essential')?.toLowerCase() === 'yes',
    want,
    flag,
    state,
    conffiles: conffilesOf(fieldOf(paragraph, 'Conffiles') ?? ''),
    recordedIn: path,
    paragraph,
  };
}

function isState(word: string): word is PackageState {
  return states.has(word);
}

function isMultiArch(word: string): word is InstalledPackage['multiArch'] {
  return multiArchs.has(word);
}

/** Lines of `path md5 [obsolete] [remove-on-upgrade]`; a path may hold blanks. */
function conffilesOf(text: string): readonly Conffile[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(' ');
    const flags: string[] = [];
    while (words.length > 2 && (words.at(-1) === 'obsolete' || words.at(-1) === 'remove-on-upgrade'))
      flags.push(words.pop() ?? '');
    const md5 = words.pop() ?? '';
    const path = words.join(' ').replace(/^\/+/, '');
    if (path === '') return [];
    const isHash = /^[0-9a-f]{32}$/.test(md5);
    return [{ path, ...(isHash ? { md5 } : {}), obsolete: flags.includes('obsolete') }];
  });
}

function wrong(paragraph: Paragraph, path: string, problem: string): DebianError {
  return new DebianError('DEBIAN_MALFORMED', `${path} line ${paragraph.line}: ${problem}`, {
    facts: { path, line: paragraph.line },
  });
}

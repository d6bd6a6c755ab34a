import { messageOf } from '../../../../core/index.ts';
import type { MergedView } from '../../../../layer/index.ts';
import { type ImageFile, imageFile, imageFolder, linesOf } from '../image-text.ts';
import { InfoFolder } from './info-folder.ts';
import { Places } from './places.ts';
import { parseStatus, type StatusEntry } from './status.ts';
import { parseAlternative, parseDiversions, parseStatOverrides } from './tables.ts';
import type {
  Alternative,
  DatabaseProblem,
  DatabaseReading,
  InstalledPackage,
  PackageDatabase,
} from './types.ts';

const folder = 'var/lib/dpkg';

/**
 * Reads the dpkg database of an image whose layers were read with `debianFiles` wanted: Debian's own form, and that of
 * distroless images. What is missing of single packages is among the problems; where the list of packages itself can't be
 * read, so is the database.
 */
export function readDatabase(view: MergedView): DatabaseReading {
  const problems: DatabaseProblem[] = [];
  const status = imageFile(view, `${folder}/status`);
  const parts = imageFolder(view, `${folder}/status.d`).filter(
    ({ path, entry }) => entry.kind === 'file' && !path.endsWith('.md5sums'),
  );
  if (status.kind === 'missing' && parts.length === 0) return { kind: 'none' };
  const files = [
    ...(status.kind === 'missing' ? [] : [status]),
    ...parts.map(({ path }) => imageFile(view, path)),
  ];
  const entries: StatusEntry[] = [];
  for (const file of files) {
    if (file.kind !== 'read')
      return { kind: 'unreadable', path: file.path, text: 'its content was not kept' };
    try {
      // One by one: a spread of very many arguments fails.
      for (const entry of parseStatus(file.bytes, file.path)) entries.push(entry);
    } catch (error) {
      return { kind: 'unreadable', path: file.path, text: messageOf(error) };
    }
  }
  const form =
    parts.length === 0
      ? 'dpkg'
      : entries.some((entry) => entry.recordedIn === `${folder}/status`)
        ? 'both'
        : 'distroless';
  return { kind: 'read', database: assemble(view, { entries, form, problems }) };
}

interface Parts {
  readonly entries: readonly StatusEntry[];
  readonly form: PackageDatabase['form'];
  readonly problems: DatabaseProblem[];
}

function assemble(view: MergedView, { entries, form, problems }: Parts): PackageDatabase {
  const diversions = table(imageFile(view, `${folder}/diversions`), parseDiversions, problems);
  const info = new InfoFolder(view, new Places(view, diversions), problems);
  const packages = entries.map((entry) => info.complete(entry));
  const owners = ownerTable(packages);
  const [native, foreign] = architectures(view, packages);
  return {
    form,
    ...(native === undefined ? {} : { nativeArchitecture: native }),
    foreignArchitectures: foreign,
    packages,
    diversions,
    statOverrides: table(imageFile(view, `${folder}/statoverride`), parseStatOverrides, problems),
    alternatives: readAlternatives(view, problems),
    problems,
    ownersOf: (path) => owners.get(path) ?? [],
  };
}

/** An absent table is an empty one; one that can't be read is a problem. */
function table<Row>(
  file: ImageFile,
  parse: (lines: readonly string[]) => readonly Row[] | undefined,
  problems: DatabaseProblem[],
): readonly Row[] {
  if (file.kind === 'missing') return [];
  const rows = file.kind === 'read' ? parse(linesOf(file.bytes)) : undefined;
  if (rows !== undefined) return rows;
  problems.push({
    path: file.path,
    text: file.kind === 'read' ? 'it is malformed' : 'its content was not kept',
  });
  return [];
}

function readAlternatives(view: MergedView, problems: DatabaseProblem[]): readonly Alternative[] {
  return imageFolder(view, `${folder}/alternatives`).flatMap(({ path, entry }) => {
    if (entry.kind !== 'file') return [];
    const file = imageFile(view, path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const text = file.kind === 'read' ? Buffer.from(file.bytes).toString('utf8') : undefined;
    const alternative = text === undefined ? undefined : parseAlternative(name, text);
    if (alternative === undefined) {
      problems.push({ path, text: text === undefined ? 'its content was not kept' : 'it is malformed' });
      return [];
    }
    const link = view.lookup(`etc/alternatives/${name}`)?.entry;
    const current = link?.kind === 'symlink' ? link.linkName : undefined;
    return [current === undefined ? alternative : { ...alternative, current }];
  });
}

function ownerTable(packages: readonly InstalledPackage[]): ReadonlyMap<string, InstalledPackage[]> {
  const owners = new Map<string, InstalledPackage[]>();
  for (const installed of packages)
    for (const { path } of installed.files ?? []) {
      const known = owners.get(path);
      if (known === undefined) owners.set(path, [installed]);
      else if (known.at(-1) !== installed) known.push(installed);
    }
  return owners;
}

/** What dpkg takes for its own: its file for that, the first of those it knows, else that of its own package. */
function architectures(
  view: MergedView,
  packages: readonly InstalledPackage[],
): readonly [native: string | undefined, foreign: readonly string[]] {
  const [own] = words(imageFile(view, `${folder}/arch-native`));
  const known = words(imageFile(view, `${folder}/arch`)).filter((word) => word !== 'all');
  const used = new Set(
    packages.map(({ architecture }) => architecture).filter((name) => name !== 'all' && name !== ''),
  );
  const only = used.size === 1 ? [...used][0] : undefined;
  const native = own ?? known[0] ?? packages.find(({ name }) => name === 'dpkg')?.architecture ?? only;
  return [native, [...new Set([...known, ...used])].filter((name) => name !== native)];
}

function words(file: ImageFile): readonly string[] {
  return file.kind === 'read'
    ? linesOf(file.bytes)
        .map((line) => line.trim())
        .filter((line) => line !== '')
    : [];
}

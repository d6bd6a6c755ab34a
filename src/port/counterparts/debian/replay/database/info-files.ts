import { createHash } from 'node:crypto';
import { layerOf } from '../../../shared/replay/file-parts.ts';
import { bytesOfLines, madeContent } from '../../../shared/replay/made-content.ts';
import type { InstalledPackage } from '../../database/index.ts';
import type { StoredPackage } from '../../store/index.ts';
import type { DatabaseParts } from './status.ts';

const folder = 'var/lib/dpkg/info';
/** dpkg runs these. */
const scripts: ReadonlySet<string> = new Set(['preinst', 'postinst', 'prerm', 'postrm', 'config']);

/** Replaces the files about each package: its list, its sums, its scripts. */
export function planInfoFiles(parts: DatabaseParts): void {
  for (const [installed, standing] of parts.standings) {
    if (installed.recordedIn.includes('/status.d/')) continue;
    if (standing.kind === 'replayed') replaceFiles(installed, standing.by.stored, parts);
    else if (standing.kind === 'gone') dropFiles(installed, parts);
    else if (standing.kind === 'left-over') renameFiles(installed, parts);
  }
  for (const stored of parts.input.extra ?? []) addFiles(stored, parts);
}

function replaceFiles(installed: InstalledPackage, stored: StoredPackage, parts: DatabaseParts): void {
  const { draft } = parts;
  const contents = infoContents(stored, keptConffiles(installed, stored, parts));
  const prefix = infoPrefix(stored, installed);
  for (const [kind, path] of installed.infoFiles) {
    const there = draft.image.view.lookup(path);
    if (there === undefined || !draft.isOpen(there)) continue;
    const bytes = contents.get(kind);
    const to = `${folder}/${prefix}.${kind}`;
    const why = `the ${kind} of ${stored.control.name} for the new architecture`;
    if (bytes === undefined)
      draft.plan(path, {
        action: 'drop',
        why: `${stored.control.name} has no ${kind} on the new architecture`,
      });
    else if (there.entry.sha256 === createHash('sha256').update(bytes).digest('hex'))
      draft.plan(path, path === to ? { action: 'keep', why } : { action: 'rename', to, why });
    else {
      const content = madeContent(bytes, originOf(stored));
      draft.plan(path, { action: 'replace', with: { kind: 'file', ...content }, to, why });
    }
  }
  const layer = layerOf(installed, parts);
  for (const [kind, bytes] of contents)
    if (!installed.infoFiles.has(kind)) addFile({ prefix, kind, bytes, stored }, parts, layer);
}

function addFiles(stored: StoredPackage, parts: DatabaseParts): void {
  const { draft } = parts;
  const layer = draft.image.view.lookup('var/lib/dpkg/status')?.layer ?? draft.image.baseLayers;
  const prefix = infoPrefix(stored, undefined);
  for (const [kind, bytes] of infoContents(stored, []))
    addFile({ prefix, kind, bytes, stored }, parts, layer);
}

function addFile(
  file: {
    readonly prefix: string;
    readonly kind: string;
    readonly bytes: Uint8Array;
    readonly stored: StoredPackage;
  },
  { draft }: DatabaseParts,
  layer: number,
): void {
  const { prefix, kind, bytes, stored } = file;
  const mtime = stored.files[0]?.mtime;
  draft.add(
    {
      kind: 'file',
      path: `${folder}/${prefix}.${kind}`,
      ...madeContent(bytes, originOf(stored)),
      mode: scripts.has(kind) ? 0o755 : 0o644,
      ...(mtime === undefined ? {} : { mtime }),
      why: `the ${kind} of ${stored.control.name} for the new architecture`,
    },
    layer,
  );
}

/** `Multi-Arch: same` packages have their architecture in the name. */
function infoPrefix({ control }: StoredPackage, installed: InstalledPackage | undefined): string {
  const { name, architecture, paragraph } = control;
  const isSame = paragraph.fields.get('multi-arch')?.value.trim().toLowerCase() === 'same';
  // Older databases and other tools may have plain names for them.
  const list = installed?.infoFiles.get('list');
  const isPlain = list !== undefined && installed?.multiArch === 'same' && list.endsWith(`/${name}.list`);
  return isSame && !isPlain ? `${name}:${architecture}` : name;
}

/** What dpkg keeps of a package's control files, and the list that it makes. */
function infoContents(stored: StoredPackage, more: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>();
  for (const [name, bytes] of stored.control.files)
    if (name !== 'control' && /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) contents.set(name, bytes);
  contents.set('list', bytesOfLines(listOf(stored, more)));
  if (!contents.has('md5sums')) contents.set('md5sums', bytesOfLines(sumsOf(stored)));
  return contents;
}

function listOf({ files }: StoredPackage, more: readonly string[]): readonly string[] {
  return ['/.', ...new Set([...files.map(({ path }) => `/${path}`), ...more.map((path) => `/${path}`)])];
}

/** dpkg makes sums where a package brings none, of all but configuration files. */
function sumsOf({ files, control }: StoredPackage): readonly string[] {
  const conffiles = new Set(control.conffiles);
  return files.flatMap(({ path, md5 }) =>
    md5 === undefined || conffiles.has(path) ? [] : [`${md5}  ${path}`],
  );
}

/** Obsolete configuration files stay in the list. */
function keptConffiles(
  installed: InstalledPackage,
  stored: StoredPackage,
  { draft, places }: DatabaseParts,
): readonly string[] {
  const own = new Set(stored.control.conffiles);
  return installed.conffiles
    .map(({ path }) => path)
    .filter((path) => !own.has(path) && draft.fateOf(places.of(path, installed.name)).kind === 'stays');
}

function dropFiles(installed: InstalledPackage, { draft }: DatabaseParts): void {
  for (const path of installed.infoFiles.values()) {
    const there = draft.image.view.lookup(path);
    if (there !== undefined && draft.isOpen(there))
      draft.plan(path, { action: 'drop', why: `${installed.name} is not in the new image` });
  }
}

/** Of a removed package, scripts and the list are left: they name what is left of it, under its old name. */
function renameFiles(installed: InstalledPackage, { draft, names }: DatabaseParts): void {
  for (const path of installed.infoFiles.values()) {
    const to = path.replace(`:${names.source}.`, `:${names.target}.`);
    const there = draft.image.view.lookup(path);
    if (to !== path && there !== undefined && draft.isOpen(there))
      draft.plan(path, { action: 'rename', to, why: 'its name on the new architecture' });
  }
}

function originOf({ control }: StoredPackage): string {
  return `${control.name} ${control.version} (${control.architecture})`;
}

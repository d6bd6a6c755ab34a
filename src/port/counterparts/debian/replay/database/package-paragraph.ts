import { type ControlField, fieldOf, type Paragraph } from '../../control.ts';
import type { InstalledPackage } from '../../database/index.ts';
import type { StoredPackage } from '../../store/index.ts';
import { paragraphText } from './paragraphs.ts';

/** In the order in which dpkg writes a package's fields; others follow as the package has them (dpkg `lib/dpkg/parse.c`). */
const order: readonly string[] = [
  ...['package', 'essential', 'protected', 'status', 'priority', 'section', 'installed-size', 'origin'],
  ...['maintainer', 'bugs', 'architecture', 'multi-arch', 'source', 'version', 'config-version', 'replaces'],
  ...['provides', 'depends', 'pre-depends', 'recommends', 'suggests', 'breaks', 'conflicts', 'enhances'],
  ...['conffiles', 'description', 'triggers-pending', 'triggers-awaited'],
];
const ranks = new Map(order.map((name, at) => [name, at]));
/** What dpkg knows of the installation, and no package says of itself. */
const stateFields = ['status', 'config-version', 'triggers-pending', 'triggers-awaited'];

/** A configuration file of the new paragraph. */
export interface ConffileLine {
  readonly path: string;
  readonly md5: string;
  readonly flags: readonly string[];
}

/** The paragraph of a package in dpkg's status file: the new package's fields with the state of the old one. */
export function statusParagraph(
  { control }: StoredPackage,
  state: Paragraph | undefined,
  conffiles: readonly ConffileLine[],
): string {
  const fields = new Map<string, Pick<ControlField, 'name' | 'value'>>(control.paragraph.fields);
  for (const name of stateFields) {
    const field = state?.fields.get(name);
    if (field !== undefined) fields.set(name, field);
  }
  if (state === undefined) fields.set('status', { name: 'Status', value: 'install ok installed' });
  // dpkg takes these from elsewhere where a package doesn't say.
  for (const name of ['priority', 'section']) {
    const field = state?.fields.get(name);
    if (field !== undefined && !fields.has(name)) fields.set(name, field);
  }
  fields.delete('conffiles');
  if (conffiles.length > 0) fields.set('conffiles', { name: 'Conffiles', value: conffilesValue(conffiles) });
  return paragraphText(inOrder(fields));
}

function inOrder(
  fields: ReadonlyMap<string, Pick<ControlField, 'name' | 'value'>>,
): readonly Pick<ControlField, 'name' | 'value'>[] {
  const rank = (name: string): number => ranks.get(name) ?? order.length;
  return [...fields].sort(([left], [right]) => rank(left) - rank(right)).map(([, field]) => field);
}

function conffilesValue(conffiles: readonly ConffileLine[]): string {
  return ['', ...conffiles.map(({ path, md5, flags }) => [`/${path}`, md5, ...flags].join(' '))].join('\n');
}

/**
 * The new package's configuration files with the sums of what it brought, then those of the old one that are still in the
 * image and that the new one doesn't have: obsolete, as dpkg calls them.
 */
export function conffilesOf(
  { control, files }: StoredPackage,
  old: Pick<InstalledPackage, 'conffiles'> | undefined,
  isStill: (path: string) => boolean,
): readonly ConffileLine[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const own = control.conffiles.flatMap((path) => {
    const md5 = byPath.get(path)?.md5;
    return md5 === undefined ? [] : [{ path, md5, flags: [] }];
  });
  const names = new Set(own.map(({ path }) => path));
  const obsolete = (old?.conffiles ?? []).flatMap(({ path, md5 }) =>
    names.has(path) || md5 === undefined || !isStill(path) ? [] : [{ path, md5, flags: ['obsolete'] }],
  );
  return [...own, ...obsolete];
}

/** A paragraph with another value in one field, the rest as it was. */
export function withField(text: string, name: string, value: string): string {
  return text.replace(new RegExp(`^${name}:[^\\n]*$`, 'im'), `${name}: ${value}`);
}

/** The key that dpkg tells packages apart by. */
export function keyOfParagraph(paragraph: Paragraph): string {
  return `${fieldOf(paragraph, 'Package') ?? ''}:${fieldOf(paragraph, 'Architecture') ?? ''}`;
}

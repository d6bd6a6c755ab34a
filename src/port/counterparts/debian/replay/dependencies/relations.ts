import { fieldOf, type Paragraph } from '../../control.ts';
import { compareVersions, parseVersion } from '../../version.ts';

/** One package that would do (Debian Policy 7.1). */
export interface Relation {
  readonly name: string;
  readonly operator?: Operator;
  readonly version?: string;
}

export type Operator = '<<' | '<=' | '=' | '>=' | '>>';

/** Any one of these. */
export type Clause = readonly Relation[];

/** A name that is there, with its version; a virtual one may have none. */
export interface Provided {
  readonly name: string;
  readonly version?: string;
}

const relation =
  /^([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s()]+)\s*\))?$/i;
/** As dpkg reads them, out of use (Policy 7.1). */
const old: Readonly<Record<string, Operator>> = { '<': '<=', '>': '>=' };

/** `a (>= 1) | b, c`: what can't be read is left out, as nothing can be said of it. */
export function clausesOf(text: string): readonly Clause[] {
  return text.split(',').flatMap((clause) => {
    const relations = clause.split('|').flatMap((one) => relationOf(one) ?? []);
    return relations.length === 0 ? [] : [relations];
  });
}

function relationOf(text: string): Relation | undefined {
  const match = relation.exec(text.trim());
  if (match === null) return undefined;
  const [, name = '', written, version] = match;
  if (written === undefined || version === undefined) return { name };
  return { name, operator: old[written] ?? (written as Operator), version };
}

/** What a package can't be without: `Depends` and `Pre-Depends`. */
export function needsOf(paragraph: Paragraph): readonly Clause[] {
  return ['Pre-Depends', 'Depends'].flatMap((field) => clausesOf(fieldOf(paragraph, field) ?? ''));
}

/** The package itself, and what it provides. */
export function providedBy(paragraph: Paragraph): readonly Provided[] {
  const [name, version] = [fieldOf(paragraph, 'Package') ?? '', fieldOf(paragraph, 'Version') ?? ''];
  const virtual = clausesOf(fieldOf(paragraph, 'Provides') ?? '').flat();
  return [
    { name, version },
    ...virtual.map(({ name: other, operator, version: own }) =>
      operator === '=' && own !== undefined ? { name: other, version: own } : { name: other },
    ),
  ];
}

export function satisfies({ version }: Pick<Provided, 'version'>, wanted: Relation): boolean {
  if (wanted.operator === undefined) return true;
  const [there, limit] = [parseVersion(version ?? ''), parseVersion(wanted.version ?? '')];
  if (there === undefined || limit === undefined) return false;
  const order = compareVersions(there, limit);
  switch (wanted.operator) {
    case '<<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>>':
      return order > 0;
  }
}

/** `libc6 (>= 2.34) | libc6.1`. */
export function clauseText(clause: Clause): string {
  return clause
    .map(({ name, operator, version }) =>
      operator === undefined ? name : `${name} (${operator} ${version})`,
    )
    .join(' | ');
}

import { compareText } from '../../../core/index.ts';
import type { MergedView } from '../../../layer/index.ts';
import { readText, unread } from '../os-release.ts';
import type { Comparison, ParityDifference } from './types.ts';

/** Lines read of one file; an image has some tens of users. */
const maxAccounts = 20_000;

interface AccountFile {
  readonly kind: 'user' | 'group';
  readonly path: string;
  /** What of a line has to be the same, by the fields' places (passwd(5), group(5)), and its words. */
  readonly ids: readonly (readonly [place: number, word: string])[];
}

const files: readonly AccountFile[] = [
  {
    kind: 'user',
    path: 'etc/passwd',
    ids: [
      [2, 'uid'],
      [3, 'gid'],
      [6, 'shell'],
    ],
  },
  { kind: 'group', path: 'etc/group', ids: [[2, 'gid']] },
];

/** Users and groups have the same numbers, by name: files above the base belong to numbers. */
export function compareAccounts(views: readonly [MergedView, MergedView]): Comparison {
  const compared = files.map((file) => compareFile(file, views));
  return {
    differences: compared.flatMap(({ differences }) => differences),
    uncompared: compared.flatMap(({ uncompared }) => uncompared ?? []),
  };
}

function compareFile(file: AccountFile, [old, sibling]: readonly [MergedView, MergedView]): Comparison {
  const oldText = readText(old, file.path);
  const newText = readText(sibling, file.path);
  if (oldText === unread || newText === unread)
    return { differences: [], uncompared: [{ what: `${file.kind}s`, why: `/${file.path} was not read` }] };
  const [before, after] = [accountsIn(oldText ?? '', file), accountsIn(newText ?? '', file)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return { differences: names.flatMap((name) => differenceOf(file, name, [before, after]) ?? []) };
}

function differenceOf(
  { kind }: AccountFile,
  name: string,
  [before, after]: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>],
): ParityDifference | undefined {
  const [old, wanted] = [before.get(name), after.get(name)];
  if (old === wanted) return undefined;
  if (old === undefined)
    return {
      kind,
      name,
      ...(wanted === undefined ? {} : { new: wanted }),
      weight: 'harmless',
      why: 'only the sibling has it',
    };
  if (wanted === undefined)
    return { kind, name, old, weight: 'different', why: 'the sibling does not have it' };
  return { kind, name, old, new: wanted, weight: 'different', why: 'files and settings name it by these' };
}

/** `uid 33, gid 33, shell /usr/sbin/nologin` by name; of a name that stands twice the first counts, as for libc. */
function accountsIn(text: string, { ids }: AccountFile): ReadonlyMap<string, string> {
  const accounts = new Map<string, string>();
  for (const line of text.split('\n', maxAccounts)) {
    const fields = line.trim().split(':', 8);
    const name = fields[0] ?? '';
    if (name === '' || name.startsWith('#') || fields.length < 3 || accounts.has(name)) continue;
    accounts.set(name, ids.map(([place, word]) => `${word} ${fields[place] ?? ''}`).join(', '));
  }
  return accounts;
}

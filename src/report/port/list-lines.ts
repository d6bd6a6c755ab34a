import type { PortMaterial, PortResult } from '../../results/index.ts';
import type { Page } from '../page.ts';
import { describeSize, plainText } from '../text.ts';
import { facts, labelled } from './lines.ts';
import { describeMaterial, type OriginSum, sumMaterials } from './sentences.ts';

const listed = 5;

/** Where replacements came from: each origin's sum, what has to be known of single ones, and all of them with `--all`. */
export function materialLines(materials: readonly PortMaterial[], page: Page): readonly string[] {
  return sumMaterials(materials).flatMap((sum) => [
    ...labelled('from', [`${sum.origin}: ${sum.amount}`], page),
    ...(page.all || page.detail ? listedLines(sum, page) : notedLines(sum, page)),
  ]);
}

function listedLines({ materials }: OriginSum, page: Page): readonly string[] {
  return materials.flatMap((material) => {
    const { uri, sha256, size, signers = [], notes = [] } = material;
    const amount = size === undefined ? [] : [describeSize(size)];
    return [
      ...facts('', [`  ${[describeMaterial(material), ...amount].join('  ')}`], page),
      ...facts('', [`    ${plainText(uri)}`], page),
      ...facts('', page.detail ? [`    sha256 ${plainText(sha256)}`] : [], page),
      ...facts('', page.detail ? signers.map((signer) => `    signed by ${plainText(signer)}`) : [], page),
      ...facts(
        '',
        notes.map((note) => `    ${plainText(note)}`),
        page,
      ),
    ];
  });
}

function notedLines({ materials }: OriginSum, page: Page): readonly string[] {
  const noted = materials.flatMap((material) =>
    (material.notes ?? []).map((note) => `${describeMaterial(material)}: ${note}`),
  );
  const rest = noted.length - listed;
  return labelled(
    '',
    rest > 0 ? [...noted.slice(0, listed), `and ${rest} more: --all lists them`] : noted,
    page,
  );
}

/** Every path that isn't as it was, where every detail is asked for. */
export function changeLines({ account }: PortResult, page: Page): readonly string[] {
  if (!page.detail) return [];
  const changed = account.filter(({ outcome }) => outcome !== 'kept');
  return facts(
    '',
    changed.map(({ path, outcome, to, linkName, origin, why }) => {
      const now = to === undefined ? '' : ` → ${plainText(to)}`;
      const link = linkName === undefined ? '' : `, a link to ${plainText(linkName)}`;
      const from = origin === undefined ? '' : ` from ${plainText(origin)}`;
      return `${outcome} /${plainText(path)}${now}${link}${from}: ${plainText(why)}`;
    }),
    page,
  );
}

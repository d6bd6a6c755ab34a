import { formatPlatform } from '../../oci/index.ts';
import { listOf, nameOf, shown } from './evidence.ts';
import type { Cause, Evidence, ForeignLayer } from './types.ts';

const digestKey = 'org.opencontainers.image.base.digest';
const nameKey = 'org.opencontainers.image.base.name';

/** What the image says of its base (image-spec annotations.md), where the base is foreign: the place to look at. */
export function namedBase(evidence: Evidence): readonly Cause[] {
  const { subject, annotations, siblings } = evidence;
  const said = (key: string): string => annotations[key] ?? subject.config.labels[key] ?? '';
  const [digest, name] = [said(digestKey), said(nameKey)];
  if (evidence.base === undefined || (digest === '' && !name.includes('@'))) return [];
  const base = digest === '' || name.includes('@') ? name : `${name}${name === '' ? '' : '@'}${digest}`;
  const sibling = siblings.find(({ manifest }) => manifest === digest);
  const where =
    sibling === undefined
      ? 'perhaps that digest names the image of one platform'
      : `which is the manifest of ${formatPlatform(sibling.platform)}`;
  return [{ text: `it says its base is ${shown(base)}, ${where}`, layers: [] }];
}

/** Machine code of other machines from the lowest layer on, with nothing else known. */
export function foreignBase({ base }: Evidence, explained: ReadonlySet<ForeignLayer>): readonly Cause[] {
  if (base === undefined || explained.has(base)) return [];
  const machines = listOf(base.architectures);
  const text = `the machine code of its base is for ${machines}: likely the base is pinned by a digest that names the image of one platform, its stage has a constant --platform (or $BUILDPLATFORM), or all of it was built for ${machines}; see ${nameOf(base)}`;
  return [{ text, layers: [base] }];
}

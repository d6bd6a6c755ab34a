import type { Refusal } from '../../../../origin-types.ts';
import type { AddedPackage, UnmetNeed } from './complete.ts';

/** Nothing of that name is there, or can be had. */
export function needRefusal({ by, clause, isUnknown }: UnmetNeed): Refusal {
  return {
    kind: 'package',
    ...(isUnknown ? { undetermined: true } : {}),
    guess: `debian: ${by}`,
    why: `on the new architecture, ${by} needs ${clause}, which the image lacks and ${isUnknown ? 'not every source could be asked for' : 'no source has'}`,
    lift: 'Name a mirror or snapshot that has it.',
    waivable: false,
  };
}

const scripts = ['preinst', 'postinst', 'config'];

/** Scripts of packages that are in the image have run; those of a new one can't be run. */
export function scriptRefusal({ stored, neededBy }: AddedPackage): Refusal | undefined {
  const { name, version, files } = stored.control;
  const script = scripts.find((kind) => files.has(kind));
  if (script === undefined) return undefined;
  return {
    kind: 'package',
    guess: `debian: ${name} ${version}`,
    why: `on the new architecture, ${neededBy} needs ${name}, which the image lacks: its ${script} script would have to run`,
    lift: `Take ${neededBy} out of the image, or install it on the new architecture.`,
    waivable: false,
  };
}

import { compareText } from '../core/index.ts';
import type { FoundUse } from '../inventory/index.ts';
import { formatReference, parseReference, type Reference } from '../oci/index.ts';
import { type LocalLocation, parseLocation } from '../registry/index.ts';

/** All uses that one judgement answers. */
export interface ImageGroup {
  /** Canonical; as written where it is unresolved. */
  readonly name: string;
  readonly reference?: Reference;
  /** Instead of a reference: an image in a layout or archive. With neither, the text can't be resolved. */
  readonly location?: LocalLocation;
  /** Why it can't. */
  readonly unresolved?: string;
  /** The pull secrets of its workloads; two sets are two questions, even of one reference. */
  readonly pullSecrets: readonly string[];
  readonly written: ReadonlySet<string>;
  readonly uses: readonly FoundUse[];
}

interface OpenGroup extends ImageGroup {
  readonly written: Set<string>;
  readonly uses: FoundUse[];
}

/** Unique references of a fleet, each with its uses, sorted by name. A hundred thousand uses are parsed once a text. */
export function groupUses(uses: readonly FoundUse[]): ImageGroup[] {
  const groups = new Map<string, OpenGroup>();
  const keys = new Map<string, string>();
  for (const use of uses) {
    const text = use.resolved ?? use.written;
    const pullSecrets = use.pullSecrets ?? [];
    const question = [use.unresolved === undefined ? '' : '?', text, ...pullSecrets].join('\n');
    const known = keys.get(question);
    const group = known === undefined ? undefined : groups.get(known);
    if (group === undefined) {
      keys.set(question, join(groups, use, text));
    } else {
      group.written.add(use.written);
      group.uses.push(use);
    }
  }
  return [...groups.values()].sort(byQuestion);
}

/** Adds a use to the group of its canonical reference and returns the group's key. */
function join(groups: Map<string, OpenGroup>, use: FoundUse, text: string): string {
  const asked = whatIsAsked(use, text);
  const pullSecrets = asked.reference === undefined ? [] : (use.pullSecrets ?? []);
  const key = [asked.unresolved === undefined ? '' : '?', asked.name, ...pullSecrets].join('\n');
  const group = groups.get(key);
  if (group === undefined) {
    groups.set(key, { ...asked, pullSecrets, written: new Set([use.written]), uses: [use] });
  } else {
    group.written.add(use.written);
    group.uses.push(use);
  }
  return key;
}

/** Only the command line speaks of transports; in files, `oci:latest` is an image called `oci`. */
function whatIsAsked(use: FoundUse, text: string): Omit<ImageGroup, 'pullSecrets' | 'written' | 'uses'> {
  if (use.unresolved !== undefined) return { name: use.written, unresolved: use.unresolved };
  const location = use.use.source === 'argument' ? parseLocation(text) : undefined;
  if (location !== undefined && location.transport !== 'registry') return { name: use.written, location };
  const reference = location?.reference ?? parseReference(text);
  return { name: formatReference(reference), reference };
}

function byQuestion(left: ImageGroup, right: ImageGroup): number {
  return compareText(left.name, right.name) || compareText(left.pullSecrets.join(), right.pullSecrets.join());
}

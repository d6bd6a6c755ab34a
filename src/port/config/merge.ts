import type { ArchitectureWords } from './architecture-words.ts';
import { isEmpty, isSame } from './documents.ts';
import type { PathMapper } from './paths.ts';
import type { ConfigDecision, ConfigProblem } from './types.ts';

/** One member in three documents; `undefined` where a document lacks it. */
export interface Three<Value> {
  readonly old: Value | undefined;
  readonly app: Value | undefined;
  readonly base: Value | undefined;
}

/** What all parts of a merge share: how texts are mapped, and where decisions and problems go. */
export interface Merging {
  readonly hasBase: boolean;
  readonly paths: PathMapper;
  readonly words: ArchitectureWords;
  readonly decisions: ConfigDecision[];
  readonly problems: ConfigProblem[];
}

/** A kept value as it is to be in the new image. */
export interface Adapted<Value> {
  readonly value: Value;
  /** Where it's another value than before; `mapped` unless told. */
  readonly action?: 'merged';
}

/** Makes a kept value fit for the new architecture, telling problems. */
export type Adapt<Value> = (member: string, value: Value) => Adapted<Value>;

interface Parts<Value> {
  readonly three: Three<Value>;
  readonly adapt: Adapt<Value>;
}

interface NamedParts<Value> {
  readonly three: Three<ReadonlyMap<string, Value>>;
  readonly adapt: Adapt<Value>;
}

const takenAway = 'the image takes away what its base has';

/**
 * Three-way: what the image left as the old base had it is the new base's, what it changed is kept and adapted. Empty and
 * absent are the same.
 */
export function mergeValue<Value>(merging: Merging, member: string, parts: Parts<Value>): Value | undefined {
  const { old, app, base } = parts.three;
  if (isSame(app, old)) {
    if (!isEmpty(base) || !isEmpty(old)) decide(merging, member, 'from-base', whyOfBase(!isEmpty(base)));
    return base;
  }
  if (app === undefined || isEmpty(app)) {
    decide(merging, member, 'removed', takenAway);
    return isEmpty(base) ? base : app;
  }
  return adapted(merging, member, { value: app, adapt: parts.adapt });
}

/**
 * Merges named values one by one; here an empty value is one, for `DEBUG=` is not the same as no DEBUG. The new base's
 * come first, in its order, then what the image adds.
 */
export function mergeNamed<Value>(
  merging: Merging,
  member: string,
  { three, adapt }: NamedParts<Value>,
): ReadonlyMap<string, Value> {
  const { old, app, base } = three;
  const result = new Map<string, Value>();
  for (const name of new Set([...(base?.keys() ?? []), ...(app?.keys() ?? []), ...(old?.keys() ?? [])])) {
    const parts = { three: { old: old?.get(name), app: app?.get(name), base: base?.get(name) }, adapt };
    const value = mergeOne(merging, `${member}.${name}`, parts);
    if (value !== undefined) result.set(name, value);
  }
  return result;
}

function mergeOne<Value>(merging: Merging, member: string, parts: Parts<Value>): Value | undefined {
  const { old, app, base } = parts.three;
  if ((old === undefined) === (app === undefined) && isSame(old, app)) {
    decide(merging, member, 'from-base', whyOfBase(base !== undefined));
    return base;
  }
  if (app !== undefined) return adapted(merging, member, { value: app, adapt: parts.adapt });
  decide(merging, member, 'removed', takenAway);
  return undefined;
}

function adapted<Value>(
  merging: Merging,
  member: string,
  { value, adapt }: { readonly value: Value; readonly adapt: Adapt<Value> },
): Value {
  const result = adapt(member, value);
  if (isSame(result.value, value)) decide(merging, member, 'kept', 'the image sets it');
  else if (result.action === 'merged')
    decide(merging, member, 'merged', 'the image adds to what its base has');
  else decide(merging, member, 'mapped', 'the image sets it, with names of the old architecture in it');
  return result.value;
}

function whyOfBase(isThere: boolean): string {
  const left = 'the image leaves it to its base';
  return isThere ? left : `${left}, and the new base has none`;
}

export function decide(
  { decisions }: Merging,
  member: string,
  action: ConfigDecision['action'],
  why: string,
): void {
  decisions.push({ member, action, why });
}

/** Maps a text's paths and tells those that are missing. */
export function mapText({ paths, problems }: Merging, member: string, text: string): string {
  const mapped = paths.map(text);
  for (const value of mapped.missing) {
    const why = 'it is not in the new image, and neither is a counterpart of it';
    problems.push({ member, kind: 'missing-path', value, why });
  }
  return mapped.text;
}

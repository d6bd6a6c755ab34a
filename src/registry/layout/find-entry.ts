import { type Descriptor, type Digest, formatReference, parseReference } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import { imageNameAnnotation, refNameAnnotation } from './content.ts';

const refName =
  /^[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*)*$/;

/** May the text be a `ref.name`? The grammar of image-spec annotations.md, which skopeo holds its users to. */
export function isRefName(text: string): boolean {
  return text.length <= 1024 && refName.test(text);
}

/**
 * The top-level manifest that a name means: its `ref.name` first, then containerd's full image name, in any spelling.
 * @throws RegistryError `not-found` where no manifest, or more than one, has the name.
 */
export function findEntry(name: string, entries: readonly Descriptor[], target: string): Descriptor {
  const named = entries.filter((entry) => entry.annotations?.[refNameAnnotation] === target);
  const found = named.length > 0 ? named : entries.filter((entry) => isImageName(entry, target));
  return onlyOne(found, name, `"${target}"`, entries);
}

/** @throws RegistryError `not-found` where there is no manifest, or more than one. */
export function findOnlyEntry(name: string, entries: readonly Descriptor[]): Descriptor {
  return onlyOne(entries, name, 'a single image', entries);
}

function onlyOne(
  found: readonly Descriptor[],
  name: string,
  wanted: string,
  entries: readonly Descriptor[],
): Descriptor {
  const digests = new Set<Digest>(found.map((entry) => entry.digest));
  const [first] = found;
  if (first !== undefined && digests.size === 1) return first;
  const problem =
    digests.size === 0 ? `has no ${wanted}` : `has ${digests.size} images where ${wanted} was asked for`;
  throw new RegistryError('not-found', `${name} ${problem}`, { repository: name }, { hint: hintOf(entries) });
}

function hintOf(entries: readonly Descriptor[]): string {
  const names = entryNames(entries);
  if (names.length === 0)
    return entries.length === 0 ? 'It holds no image.' : 'Its images have no name: use a digest.';
  const shown = names.slice(0, 10).join(', ');
  return `It holds: ${shown}${names.length > 10 ? `, and ${names.length - 10} more` : ''}.`;
}

/** Every `ref.name`, sorted, each once. */
export function entryNames(entries: readonly Descriptor[]): readonly string[] {
  const names = entries.flatMap((entry) => entry.annotations?.[refNameAnnotation] ?? []);
  return [...new Set(names)].sort();
}

function isImageName(entry: Descriptor, target: string): boolean {
  const name = entry.annotations?.[imageNameAnnotation];
  return name !== undefined && (name === target || canonical(name) === canonical(target));
}

/** The text itself where it's no reference, so that it equals nothing else. */
function canonical(text: string): string {
  try {
    return formatReference(parseReference(text));
  } catch {
    return text;
  }
}

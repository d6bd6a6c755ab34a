import type { FleetMapping, FleetResult } from '../../results/index.ts';
import { plainText } from '../text.ts';

/** A name in people's files, and what is to take its place. */
interface Entry {
  readonly name: string;
  readonly mapping: FleetMapping;
}

/**
 * What was ported as the `images:` of a kustomization. Kustomize goes by the name alone: one that stands with several tags,
 * or for an image that was not ported too, is left out and named, for all of them would get the same image.
 */
export function renderKustomizeImages(result: FleetResult): string {
  const { entries, doubtful } = entriesOf(result);
  const left = doubtful.map(
    (name) => `# Left out: ${plainText(name)}, for it stands for images of which not all have this place.`,
  );
  const lines = entries.flatMap(({ name, mapping: { to, digest } }) => {
    const colon = to.lastIndexOf(':');
    return [
      `  - name: ${quoted(name)}`,
      `    newName: ${quoted(to.slice(0, colon))}`,
      `    newTag: ${quoted(to.slice(colon + 1))}`,
      `    digest: ${quoted(digest)}`,
    ];
  });
  return [...left, ...(lines.length === 0 ? ['images: []'] : ['images:', ...lines]), ''].join('\n');
}

/** Names that Kustomize can't tell apart. */
export function doubtfulNames(result: FleetResult): readonly string[] {
  return entriesOf(result).doubtful;
}

function entriesOf({ images, left, mapping }: FleetResult): {
  readonly entries: readonly Entry[];
  readonly doubtful: readonly string[];
} {
  const places = new Map<string, Set<string>>();
  const add = (written: readonly string[], place: string): void => {
    for (const name of written.map(nameOf)) places.set(name, (places.get(name) ?? new Set()).add(place));
  };
  const mapped = new Map(mapping.map((one) => [one.from, one]));
  for (const { reference, written } of images) {
    const one = mapped.get(reference);
    add(written, one === undefined ? `not ported: ${reference}` : `${one.to}@${one.digest}`);
  }
  for (const { reference, written } of left) add(written, `left alone: ${reference}`);
  const wanted = new Map(mapping.flatMap((one) => one.written.map((text) => [nameOf(text), one] as const)));
  const names = [...wanted.keys()].sort();
  const isClear = (name: string): boolean => places.get(name)?.size === 1;
  return {
    entries: names.filter(isClear).flatMap((name) => {
      const one = wanted.get(name);
      return one === undefined ? [] : [{ name, mapping: one }];
    }),
    doubtful: names.filter((name) => !isClear(name)),
  };
}

/** As Kustomize reads it: without tag and digest. */
function nameOf(written: string): string {
  const [named = ''] = written.replace(/^docker:\/\//, '').split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  return colon < 0 ? named : named.slice(0, colon);
}

/** JSON's strings are YAML's. */
function quoted(text: string): string {
  return /^[a-z][a-z0-9./_-]*$/i.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

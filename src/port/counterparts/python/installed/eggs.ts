import { posix } from 'node:path';
import type { PortImage, Refusal } from '../../../origin-types.ts';
import { holdsForeign } from './foreign.ts';

/**
 * Installations that no wheel takes the place of: eggs, in a folder or a file, and those that `setup.py install` recorded in
 * an egg-info folder. One refusal for each that holds machine code.
 */
export function eggRefusals(
  image: PortImage,
  taken: ReadonlySet<string>,
  isLeft: (path: string) => boolean,
): readonly Refusal[] {
  const eggs = new Map<string, string[]>();
  const listed = listedFiles(image);
  for (const { path, layer, entry } of image.view.entries()) {
    if (layer < image.baseLayers || taken.has(path) || isLeft(path) || !holdsForeign(entry, image)) continue;
    const egg = /^(?:.*\/)?[^/]+\.egg(?=\/|$)/.exec(path)?.[0] ?? listed.get(path);
    if (egg === undefined) continue;
    eggs.set(egg, [...(eggs.get(egg) ?? []), path]);
  }
  return [...eggs].map(([egg, code]) => eggRefusal(egg, code));
}

/** By path, the egg-info folder that lists it. */
function listedFiles({ view, baseLayers }: PortImage): ReadonlyMap<string, string> {
  const listed = new Map<string, string>();
  for (const there of view.entries()) {
    if (!there.path.endsWith('.egg-info/installed-files.txt') || there.layer < baseLayers) continue;
    const info = posix.dirname(there.path);
    const bytes = view.content(there);
    for (const line of Buffer.from(bytes ?? [])
      .toString('utf8')
      .split('\n'))
      if (line.trim() !== '') listed.set(posix.join(info, line.trim()), info);
  }
  return listed;
}

function eggRefusal(egg: string, code: readonly string[]): Refusal {
  const [, name = '', version = ''] = /([^/]+?)-([^-/]+)(?:-[^/]*)?\.egg(?:-info)?$/.exec(egg) ?? [];
  const what = name === '' ? posix.basename(egg) : `${name} ${version}`;
  return {
    path: egg,
    kind: 'package',
    guess: `python: ${what}`,
    why: `${what} is installed as an egg, built on the machine, and an index has no such for another architecture`,
    lift: `Install ${name === '' ? 'it' : name} with pip, which takes wheels, or name its files with --replace.`,
    waivable: true,
    covers: code,
  };
}

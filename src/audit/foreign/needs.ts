import type { MergedView } from '../../layer/index.ts';
import type { Survey } from './survey.ts';

/**
 * Foreign libraries that are the only files of a name that native files need. This finds them for plug-ins too, which are
 * in no program's closure.
 */
export function neededAmong(
  survey: Survey,
  view: MergedView,
): ReadonlyMap<string, { readonly name: string; readonly by: string }> {
  const wanted = new Map<string, string>();
  const given = new Set<string>();
  for (const { entry, innerPath, facts } of survey.native) {
    if (innerPath !== '' || facts.kind !== 'elf') continue;
    given.add(baseName(entry.path));
    if (facts.elf.soname !== undefined) given.add(facts.elf.soname);
    for (const name of facts.elf.needed) if (!wanted.has(name)) wanted.set(name, entry.path);
  }
  const foreign = foreignNames(survey);
  for (const link of survey.libraryLinks) {
    const name = baseName(link.path);
    if (!wanted.has(name) || given.has(name)) continue;
    const target = view.resolve(link.path);
    if (!target.found) continue;
    if (survey.foreignEntries.has(target.entry.entry)) foreign.push([name, target.entry.path]);
    else if (target.entry.entry.facts?.kind === 'elf') given.add(name);
  }
  const needed = new Map<string, { readonly name: string; readonly by: string }>();
  for (const [name, path] of foreign) {
    const by = wanted.get(name);
    if (by !== undefined && !given.has(name) && !needed.has(path)) needed.set(path, { name, by: `/${by}` });
  }
  return needed;
}

function foreignNames(survey: Survey): [name: string, path: string][] {
  return survey.foreign.flatMap(({ paths, innerPath, facts, code }) =>
    innerPath === '' && facts.kind === 'elf' && code.offset === 0
      ? paths.map(({ path }): [string, string] => [baseName(path), path])
      : [],
  );
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

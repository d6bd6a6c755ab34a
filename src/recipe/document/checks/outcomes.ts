import type { MemberPath } from '../../../document/index.ts';
import { patternProblem } from '../pattern.ts';
import type { CheckDocument, PublicationDocument, RecipeDocument } from '../schema.ts';
import { literalOf } from '../template.ts';
import type { Problems } from './problems.ts';

/** Checks look at something, images are image outputs, and each publication has a name of its own. */
export function checkOutcomes({ verify = [], publish = [] }: RecipeDocument, problems: Problems): void {
  for (const [index, check] of verify.entries()) checkCheck(check, { path: ['verify', index], problems });
  const names = new Map<string, number>();
  for (const [index, publication] of publish.entries()) {
    const path = ['publish', index];
    if (imageOutput(publication.image) === undefined)
      problems.add([...path, 'image'], noImage(publication.image));
    for (const [member, problem] of publicationProblems(publication))
      problems.add([...path, member], problem);
    const name = JSON.stringify([publication.name, publication.tag]);
    const other = names.get(name);
    if (other !== undefined)
      problems.add(
        [...path, 'name'],
        `the publication above it, number ${other + 1}, has the same name and tag`,
      );
    names.set(name, index);
  }
}

/** The step and the output that the text is, as `${{ steps.STEP.images.OUTPUT }}` alone. */
export function imageOutput(text: string): { readonly step: string; readonly output: string } | undefined {
  const match = /^\s*\$\{\{\s*steps\.([a-z0-9-]+)\.images\.([a-z0-9-]+)\s*\}\}\s*$/.exec(text);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { step: match[1], output: match[2] };
}

function checkCheck(
  check: CheckDocument,
  { path, problems }: { path: MemberPath; problems: Problems },
): void {
  const { file, image, machine, sha256, version } = check;
  if (file === undefined && image === undefined && version === undefined)
    problems.add(path, 'it checks nothing: it needs "file", "image" or "version"');
  if (file !== undefined && image !== undefined)
    problems.add(path, '"file" and "image" are two checks, one after the other');
  if (file === undefined && (machine !== undefined || sha256 !== undefined))
    problems.add(path, '"machine" and "sha256" are of a "file"');
  if (image !== undefined && imageOutput(image) === undefined)
    problems.add([...path, 'image'], noImage(image));
  const sum = sha256 === undefined ? undefined : literalOf(sha256);
  if (sum !== undefined && !/^[0-9a-f]{64}$/.test(sum))
    problems.add([...path, 'sha256'], 'it is not 64 hexadecimal digits');
  const pattern = version === undefined ? undefined : literalOf(version.matches);
  const wrong = pattern === undefined ? undefined : patternProblem(pattern);
  if (wrong !== undefined) problems.add([...path, 'version', 'matches'], `it is no pattern: ${wrong}`);
}

/** Of a document, as far as its texts are known, or of a plan. */
export function* publicationProblems({
  name,
  tag,
}: Pick<PublicationDocument, 'name' | 'tag'>): Generator<readonly [member: 'name' | 'tag', problem: string]> {
  const known = literalOf(name);
  // As the distribution specification has names of repositories.
  if (
    known !== undefined &&
    !/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/.test(known)
  )
    yield ['name', `"${known.slice(0, 100)}" is no name of a repository, such as istio/pilot`];
  const knownTag = tag === undefined ? undefined : literalOf(tag);
  if (knownTag !== undefined && !/^\w[\w.-]{0,127}$/.test(knownTag))
    yield ['tag', `"${knownTag.slice(0, 100)}" is no tag`];
}

function noImage(text: string): string {
  return `"${text.slice(0, 100)}" is no image output: \${{ steps.STEP.images.OUTPUT }} is one`;
}

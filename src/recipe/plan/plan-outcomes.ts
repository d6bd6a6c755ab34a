import { imageOutput, publicationProblems } from '../document/checks/outcomes.ts';
import { escapedForPattern, patternProblem } from '../document/pattern.ts';
import type { CheckDocument, PublicationDocument, RecipeDocument } from '../document/schema.ts';
import { formatTemplate } from '../document/template.ts';
import { RecipeError } from '../errors.ts';
import type { Binding } from './binding.ts';
import { checksum, pathOf } from './plan-steps.ts';
import type { PlannedCheck, PlannedPublication } from './types.ts';

/** @throws RecipeError `PLAN_INVALID`, `PATH_OUTSIDE` */
export function planChecks({ verify = [] }: RecipeDocument, binding: Binding): readonly PlannedCheck[] {
  return verify.map((check) => planCheck(check, binding));
}

function planCheck(check: CheckDocument, binding: Binding): PlannedCheck {
  const { file, image, machine, sha256, version } = check;
  return {
    title: titleOf(check, binding),
    ...(file !== undefined && { file: pathOf(file, binding) }),
    ...(image !== undefined && { image: binding.template(image.trim()) }),
    ...(machine !== undefined && { machine }),
    ...(sha256 !== undefined && { sha256: checksum(binding.text(sha256)) }),
    ...(version !== undefined && { version: planVersion(version, binding) }),
  };
}

function planVersion(
  { run, matches }: NonNullable<CheckDocument['version']>,
  binding: Binding,
): NonNullable<PlannedCheck['version']> {
  // A parameter is a text in it, not a pattern: the dots of 1.16.5 are dots.
  const pattern = binding.text(matches, escapedForPattern);
  const problem = patternProblem(pattern);
  if (problem !== undefined) throw new RecipeError('PLAN_INVALID', `"${pattern}" is no pattern: ${problem}`);
  return { words: run.map((word) => binding.template(word)), matches: pattern };
}

function titleOf({ title, file, image, version }: CheckDocument, binding: Binding): string {
  if (title !== undefined) return title;
  const [what = '', ...rest] = version?.run ?? [];
  return formatTemplate(binding.template(file ?? image ?? [what, ...rest].join(' '))).trim();
}

/** @throws RecipeError `PLAN_INVALID` */
export function planPublications(
  { publish = [] }: RecipeDocument,
  binding: Binding,
): readonly PlannedPublication[] {
  const names = new Set<string>();
  return publish.map((publication) => {
    const planned = planPublication(publication, binding);
    const name = planned.tag === undefined ? planned.name : `${planned.name}:${planned.tag}`;
    if (names.has(name)) throw new RecipeError('PLAN_INVALID', `two images would be published as ${name}`);
    names.add(name);
    return planned;
  });
}

function planPublication({ image, name, tag }: PublicationDocument, binding: Binding): PlannedPublication {
  const output = imageOutput(image);
  if (output === undefined) throw new RecipeError('PLAN_INVALID', `"${image}" is no image output`);
  const known = { name: binding.text(name), ...(tag !== undefined && { tag: binding.text(tag) }) };
  for (const [, problem] of publicationProblems(known)) throw new RecipeError('PLAN_INVALID', problem);
  return { image: binding.template(image.trim()), ...output, ...known };
}

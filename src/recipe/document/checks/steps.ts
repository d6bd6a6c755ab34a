import { parsePlatform } from '../../../oci/index.ts';
import { needsOf, orderSteps } from '../needs.ts';
import type { RecipeDocument, StepDocument } from '../schema.ts';
import { literalOf } from '../template.ts';
import { type Problems, unknownWord } from './problems.ts';

export function checkSteps(document: RecipeDocument, problems: Problems): void {
  if (Object.keys(document.steps).length === 0) problems.add(['steps'], 'a recipe has at least one step');
  for (const [name, step] of Object.entries(document.steps)) {
    if (problems.full) return;
    checkNames(name, { step, document, problems });
    checkCommand(name, { step, problems });
    checkOutputs(name, { step, problems });
  }
  checkCycles(document, problems);
}

function checkNames(
  name: string,
  { step, document, problems }: { step: StepDocument; document: RecipeDocument; problems: Problems },
): void {
  const path = ['steps', name];
  for (const [index, need] of (step.needs ?? []).entries())
    if (!Object.hasOwn(document.steps, need))
      problems.add([...path, 'needs', index], () => unknownWord('step', need, Object.keys(document.steps)));
  const environments = document.environments ?? {};
  for (const [index, set] of (step.environments ?? []).entries())
    if (!Object.hasOwn(environments, set))
      problems.add([...path, 'environments', index], () =>
        unknownWord('environment', set, Object.keys(environments)),
      );
  const variables = Object.keys(step.foreach ?? { one: [] });
  if (variables.length !== 1)
    problems.add([...path, 'foreach'], `a foreach has one variable, not ${variables.length}`);
}

function checkCommand(name: string, { step, problems }: { step: StepDocument; problems: Problems }): void {
  const path = ['steps', name, 'run'];
  if (typeof step.run === 'string') {
    if (literalOf(step.run) === undefined) problems.add(path, scriptProblem);
  } else if (step.run[0] === '') problems.add([...path, 0], 'the first word is the program, and not empty');
}

/** What is put into a script's text would be read as code. */
const scriptProblem =
  'a script takes no expressions, which would be read as code: put the value into the step\'s "environment", NAME: ' +
  `"\${{ … }}", and let the script use "$NAME"`;

function checkOutputs(name: string, { step, problems }: { step: StepDocument; problems: Problems }): void {
  const path = ['steps', name, 'outputs'];
  const { values = [], files = {}, images = {} } = step.outputs ?? {};
  for (const [index, value] of values.entries())
    if (values.indexOf(value) < index) problems.add([...path, 'values', index], `"${value}" is there twice`);
  for (const [output, { sha256 }] of Object.entries(files)) {
    const sum = sha256 === undefined ? undefined : literalOf(sha256);
    if (sum !== undefined && !/^[0-9a-f]{64}$/.test(sum))
      problems.add([...path, 'files', output, 'sha256'], 'it is not 64 hexadecimal digits');
  }
  for (const [output, { reference, platform }] of Object.entries(images)) {
    if (platform !== undefined && parsePlatform(platform) === undefined)
      problems.add(
        [...path, 'images', output, 'platform'],
        `"${platform.slice(0, 100)}" is no platform, such as linux/arm64`,
      );
    if (!/^(?:[A-Za-z0-9]|\$\{\{)/.test(reference))
      problems.add([...path, 'images', output, 'reference'], 'it is no name of an image');
  }
}

/** Steps of a circle that are named; longer ones say how many more there are. */
const shownSteps = 20;

function checkCycles(document: RecipeDocument, problems: Problems): void {
  for (const { steps, path, above } of orderSteps(needsOf(document)).cycles) {
    const [first = ''] = steps;
    const shown = steps.slice(0, shownSteps).join(' → ');
    const more = steps.length > shownSteps ? ` → … (${steps.length - shownSteps} more)` : '';
    const reason = above ? ' (a step without "needs" needs the one above it)' : '';
    const circle = `${shown}${more} → ${first}${reason}`;
    problems.add(
      path,
      steps.length === 1
        ? `the step "${first}" needs itself`
        : `steps need each other in a circle: ${circle}`,
    );
  }
}

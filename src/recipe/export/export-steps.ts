import { createHash } from 'node:crypto';
import type { Plan, PlannedStep, Template } from '../plan/types.ts';
import { shellCondition } from './condition.ts';
import { refuseReserved, shownDuration } from './describe.ts';
import {
  delimiterFor,
  displayText,
  holdsSecret,
  shellFunction,
  shellTemplate,
  shellText,
  shellTexts,
  shownTemplate,
} from './words.ts';

/** One function a step; what is run comes last in it, when all holes are known to have values. */
export function stepFunctions(plan: Plan): readonly string[] {
  return plan.steps.map((step, index) => stepFunction(step, { plan, number: index + 1 }));
}

/** The lines that do all steps, in order. */
export function stepLines({ steps }: Plan): readonly string[] {
  return steps.map(({ id, needs }, index) => `step ${index + 1} ${shellTexts([id, ...needs])}`);
}

function stepFunction(
  step: PlannedStep,
  { plan, number }: { readonly plan: Plan; readonly number: number },
): string {
  const lines = [
    `title=${shellText(titleOf(step))}`,
    `definition=${definitionOf(step, plan)}`,
    `seconds=${step.timeoutSeconds} retries=${step.retries} network=${step.network}`,
    ...conditionLines(step),
    ...pathLines(step.workdir, 'workdir'),
    ...step.environment.map(variableLine),
    ...outputLines(step),
    ...commandLines(step),
  ];
  return [...comments(step, number), shellFunction(`step_${number}`, lines)].join('\n');
}

function comments({ id, title, needs }: PlannedStep, number: number): readonly string[] {
  return [
    `# ${number}. ${id}${title === undefined ? '' : `: ${displayText(title)}`}`,
    ...(needs.length === 0 ? [] : [`# It needs ${needs.join(', ')}.`]),
  ];
}

function titleOf({ id, title = id, expected, timeoutSeconds }: PlannedStep): string {
  if (expected === undefined) return `${displayText(title)} (at most ${shownDuration(timeoutSeconds)})`;
  const { seconds, on, cpus, note } = expected;
  const where = on === undefined ? '' : ` on ${displayText(on)}`;
  const size = cpus === undefined ? '' : ` with ${cpus} CPUs`;
  const more = note === undefined ? '' : `; ${displayText(note)}`;
  return `${displayText(title)} (about ${shownDuration(seconds)}${where}${size}${more})`;
}

/** Of what the step is, but for what is filled in while it runs. */
function definitionOf(step: PlannedStep, { passEnvironment }: Plan): string {
  const { id, command, environment, workdir, network, values, files, images } = step;
  const what = { id, command, environment, workdir, network, values, files, images, passEnvironment };
  return createHash('sha256').update(JSON.stringify(what)).digest('hex');
}

function conditionLines({ when }: PlannedStep): readonly string[] {
  if (when === undefined) return [];
  return [`if ! { ${shellCondition(when)}; }; then skip ${shellText(displayText(when.text))}; return; fi`];
}

/** A path that is known was looked at by the plan. */
function pathLines(path: Template, variable: 'workdir' | 'path'): readonly string[] {
  if (path.every((part) => typeof part === 'string')) {
    refuseReserved(path.join(''));
    return [`${variable}=${shellTemplate(path)}`];
  }
  const below = `path_below ${shellTemplate(path)}`;
  return variable === 'path' ? [below] : [below, `${variable}=$path`];
}

function variableLine({ name, value }: PlannedStep['environment'][number]): string {
  const shown = holdsSecret(value) ? ` ${shownTemplate(value)}` : '';
  return `variable ${name} ${shellTemplate(value)}${shown}`;
}

function outputLines({ values, files, images }: PlannedStep): readonly string[] {
  return [
    ...(values.length === 0 ? [] : [`gives take_values ${shellTexts(values)}`]),
    ...files.flatMap(({ name, path, machine = '', sha256 = '', executable }) => [
      ...pathLines(path, 'path'),
      `gives take_file ${name} "$path" ${shellTexts([machine, sha256, executable ? 'yes' : 'no'])}`,
    ]),
    ...images.map(
      ({ name, reference, platform }) =>
        `gives take_image ${name} ${shellTemplate(reference)} ${shellText(platform)}`,
    ),
  ];
}

function commandLines({ command }: PlannedStep): readonly string[] {
  if (command.kind === 'words') return [`run_words ${command.words.map(shellTemplate).join(' ')}`];
  const { text } = command;
  if (!isForHereDocument(text)) return [`printf '%s' ${shellText(text)} | script`, 'run_script'];
  const delimiter = delimiterFor(text);
  return [`script <<'${delimiter}'\n${text}${text.endsWith('\n') ? '' : '\n'}${delimiter}`, 'run_script'];
}

/** Such a document ends with a line's end, which may mean something to a script without one. */
function isForHereDocument(text: string): boolean {
  if (text.includes('${{') || text.includes('\0')) return false;
  return text.endsWith('\n') || !(text.includes('<<') || text.endsWith('\\'));
}

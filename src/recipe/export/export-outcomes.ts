import type { Plan, PlannedCheck, Template } from '../plan/types.ts';
import { awkPattern } from './awk-pattern.ts';
import { displayText, shellFunction, shellTemplate, shellText, shellTexts, variableOf } from './words.ts';

/** One function a check of the result. */
export function checkFunctions(plan: Plan): readonly string[] {
  return plan.checks.map((check, index) => {
    const title = displayText(check.title);
    const lines = [`what=${shellText(title)}`, ...checkLines(check, plan)];
    return `# ${title}\n${shellFunction(`check_${index + 1}`, lines)}`;
  });
}

export function verifyLines({ checks }: Plan): readonly string[] {
  const lines = checks.map(({ title }, index) => `check ${shellText(displayText(title))} check_${index + 1}`);
  return [...lines, 'check_end'];
}

export function publishLines({ publications }: Plan): readonly string[] {
  return publications.map(({ name, tag = 'latest', step, output }) => {
    const { id } = imageVariables(step, output);
    return `publish_image ${shellText(`${name}:${tag}`)} ${step} ${output} "\${${id}-}"`;
  });
}

function checkLines({ file, image, machine, sha256, version }: PlannedCheck, plan: Plan): string[] {
  const lines: string[] = [];
  if (file !== undefined)
    lines.push(
      `path_below ${shellTemplate(file)}`,
      `check_file "$path" ${shellTexts([machine ?? '', sha256 ?? ''])}`,
    );
  if (image !== undefined) lines.push(imageLine(image, plan));
  if (version !== undefined) lines.push(versionLine(version));
  return lines;
}

/** The plan has only those that are the output of a step. */
function imageLine(image: Template, { steps }: Plan): string {
  const [expression] = image.filter((part) => typeof part !== 'string');
  const [, step = '', , output = ''] = expression?.path ?? [];
  const { reference, id } = imageVariables(step, output);
  const planned = steps.find(({ id: name }) => name === step)?.images.find(({ name }) => name === output);
  const gone = '?has no value';
  return `check_image "\${${reference}${gone}}" "\${${id}${gone}}" ${shellText(planned?.platform ?? 'linux/arm64')}`;
}

function imageVariables(step: string, output: string): { readonly reference: string; readonly id: string } {
  const text = `steps.${step}.images.${output}`;
  const reference = variableOf({ text, path: text.split('.') });
  return { reference, id: `${reference}__id` };
}

function versionLine({ words, matches }: NonNullable<PlannedCheck['version']>): string {
  const translated = awkPattern(matches);
  const command = words.map(shellTemplate).join(' ');
  if (translated === undefined)
    return `unproven ${shellText(`what ${displayText(matches)} matches only armload tells`)}`;
  return `check_version ${shellText(translated.pattern)} ${translated.counts ? 'yes' : 'no'} ${command}`;
}

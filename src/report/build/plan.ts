import type { PlanView } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import { joined, type Page, pageOf } from '../page.ts';
import { count, describeSize, plainText } from '../text.ts';
import { describeSeconds } from './sentences.ts';

type Step = PlanView['steps'][number];

/** What a recipe would do, as commands that a person could type, with comments between them. */
export function renderPlanTable(view: PlanView, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  const { paint } = page;
  return joined([
    [
      `${paint.bold(plainText(view.recipe))}${view.title === undefined ? '' : `  ${plainText(view.title)}`}`,
      ...facts(view, page),
    ],
    ...view.sources.map(({ name, from, ref, pinned, commands }) => [
      note(`source ${name}: ${from}${pinned === undefined ? ` at ${ref ?? ''}` : ` at ${pinned}`}`, page),
      ...commands.flatMap(({ workdir, shell }) => inFolder(workdir, shell.split('\n'), page)),
    ]),
    ...view.steps.map((step, index) => stepLines(step, `${index + 1}/${view.steps.length}`, page)),
    view.checks.map(({ title, file, image }) => note(`check: ${title}: ${file ?? image ?? ''}`, page)),
    view.publications.map(({ image, name, tag }) =>
      note(`publish: ${image} as ${name}${tag === undefined ? '' : `:${tag}`}`, page),
    ),
    [paint.bold(planTotalsOf(view))],
  ]);
}

/** `12 steps, said to take 37 min`. */
export function planTotalsOf({ steps, sources, expectedSeconds }: PlanView): string {
  const time = expectedSeconds === undefined ? '' : `, said to take ${describeSeconds(expectedSeconds)}`;
  const from = sources.length === 0 ? '' : ` from ${count(sources.length, 'source')}`;
  return `${count(steps.length, 'step')}${from}${time}; nothing was run`;
}

function facts({ requires, parameters, secrets }: PlanView, { paint }: Page): readonly string[] {
  const { os, architecture, emulation, cpus, memory, disk, tools, images, networkIsolation } = requires;
  const place = [
    [os, architecture].filter((part) => part !== undefined).join('/'),
    ...(architecture !== undefined && emulation ? ['by emulation too'] : []),
    ...(cpus === undefined ? [] : [count(cpus, 'CPU')]),
    ...(memory === undefined ? [] : [`${describeSize(memory)} of memory`]),
    ...(disk === undefined ? [] : [`${describeSize(disk)} of disk`]),
    ...(images ? ['a Docker engine'] : []),
    ...(networkIsolation ? ['commands without network'] : []),
    ...tools.map(({ name, version }) => `${name}${version === undefined ? '' : ` ${version}`}`),
  ].filter((part) => part !== '');
  const fact = (label: string, text: string) => `  ${paint.dim(label.padEnd(10))}${plainText(text)}`;
  return [
    ...(place.length === 0 ? [] : [fact('requires', place.join(', '))]),
    ...Object.entries(parameters).map(([name, value]) => fact('param', `${name}=${value}`)),
    ...secrets.map(({ parameter, variable }) => fact('secret', `${parameter} from $${variable}`)),
  ];
}

function stepLines(step: Step, number: string, page: Page): readonly string[] {
  const { id, title, when, expected, workdir, environment, command, network } = step;
  const named = title === undefined ? id : `${id}: ${title}`;
  const time =
    expected === undefined
      ? ''
      : ` (${describeSeconds(expected.seconds)}${expected.on === undefined ? '' : ` on ${expected.on}`}${expected.note === undefined ? '' : `; ${expected.note}`})`;
  const lines = [
    ...environment.map(({ shell }) => shell),
    ...command.shell.split('\n').filter((line) => line !== ''),
  ];
  return [
    note(`${number} ${named}${time}`, page),
    ...(when === undefined ? [] : [note(`only if ${when}`, page)]),
    ...(network === 'none' ? [note('without network', page)] : []),
    ...inFolder(workdir, lines, page),
    ...outputsOf(step).map((output) => note(`gives ${output}`, page)),
  ];
}

/** In a subshell: neither folder nor variables are left behind. */
function inFolder(workdir: string, lines: readonly string[], page: Page): readonly string[] {
  const shown = lines.map((line) => `  ${indentOf(line)}${plainText(line)}`);
  return workdir === '' && lines.length === 1
    ? shown.map((line) => line.trim())
    : [
        page.paint.dim('('),
        ...(workdir === '' ? [] : [`  cd ${plainText(workdir)}`]),
        ...shown,
        page.paint.dim(')'),
      ];
}

/** Kept, as a person reads a script by it. */
function indentOf(line: string): string {
  return ' '.repeat(line.length - line.trimStart().length);
}

function outputsOf({ values, files, images }: Step): readonly string[] {
  return [
    ...values.map((name) => `the value ${name}`),
    ...files.map(
      ({ name, path, machine }) => `${name}, the file ${path}${machine === undefined ? '' : ` (${machine})`}`,
    ),
    ...images.map(({ name, reference, platform }) => `${name}, the image ${reference} (${platform})`),
  ];
}

function note(text: string, { paint }: Page): string {
  return paint.dim(`# ${plainText(text)}`);
}

/** The same for pull-request comments: a row a step. */
export function renderPlanMarkdown(view: PlanView, _drawing: Drawing = {}): string {
  const budget = new Budget();
  const rows = view.steps.map(({ id, workdir, command, expected }) =>
    row([
      code(id),
      code(workdir),
      code(command.shell.trim().replaceAll('\n', '; ')),
      expected === undefined ? '' : describeSeconds(expected.seconds),
    ]),
  );
  const sources = view.sources.map(({ name, from, pinned, ref }) =>
    row([code(name), code(from), code(pinned ?? ref ?? '')]),
  );
  const sections = [
    `## ${code(view.recipe)}`,
    `**${prose(planTotalsOf(view))}**`,
    sources.length === 0 ? '' : budget.table('Sources', ['Source', 'From', 'At'], sources),
    budget.table('Steps', ['Step', 'In', 'Command', 'Time'], rows),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

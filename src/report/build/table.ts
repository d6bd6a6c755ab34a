import type {
  BuildImage,
  BuildResult,
  BuildStep,
  BuildStepState,
  RunList,
  RunStateName,
} from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import type { Tone } from '../groups.ts';
import { joined, labelledLines, type Page, pageOf } from '../page.ts';
import { describeSize, plainText, wrap } from '../text.ts';
import { buildTotalsOf, describeTime, nextCommand, runsTotalsOf } from './sentences.ts';

const indent = 2;
const labelWidth = 10;
const stateWidth = 12;

const runTones: Readonly<Record<RunStateName, Tone>> = {
  planned: 'quiet',
  running: 'quiet',
  interrupted: 'doubt',
  failed: 'bad',
  done: 'good',
};
const stepTones: Readonly<Record<BuildStepState, Tone>> = {
  waiting: 'quiet',
  running: 'quiet',
  done: 'good',
  reused: 'good',
  skipped: 'quiet',
  failed: 'bad',
  interrupted: 'doubt',
};

/** A run, for people: where it stands, what each part became, what it made, and how to go on. */
export function renderBuildTable(result: BuildResult, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  const { paint } = page;
  return joined([
    [
      `${paint.tone(runTones[result.state], result.state)}  ${paint.bold(plainText(result.run))}  ${plainText(result.platform)}`,
      ...labelled('recipe', `${result.title ?? result.recipe}`, page),
      ...(result.why === undefined ? [] : labelled('why', result.why, page)),
      ...placeLines(result, page),
      ...result.sources.flatMap((source) =>
        line(
          'source',
          `${state(source.state, stepTones[source.state], page)}${plainText(source.name)}  ${plainText(source.commit ?? source.content ?? '')}`.trimEnd(),
          page,
        ),
      ),
      ...result.steps.flatMap((step) => stepLines(step, page)),
      ...result.checks.flatMap(({ title, state: checked, why }) =>
        line(
          'check',
          `${state(checked, checked === 'passed' ? 'good' : checked === 'waiting' ? 'quiet' : 'bad', page)}${plainText(title)}${checked === 'passed' || why === undefined ? '' : `: ${plainText(why)}`}`,
          page,
        ),
      ),
      ...result.images.flatMap((image) => imageLines(image, page)),
      ...failureLines(result, page),
    ],
    [paint.bold(buildTotalsOf(result)), ...nextLines(result)],
  ]);
}

function placeLines({ executor, place, folder }: BuildResult, page: Page): readonly string[] {
  const where =
    place === undefined
      ? plainText(executor)
      : `${plainText(executor)}  ${plainText(`${place.os}/${place.architecture}`)}, ${place.cpus} CPUs, ${describeSize(place.memory)}`;
  return [
    ...line('on', where, page),
    ...(place === undefined || place.discarded ? [] : line('enter', plainText(place.enter), page)),
    ...(page.detail ? line('folder', plainText(folder), page) : []),
  ];
}

function stepLines(step: BuildStep, page: Page): readonly string[] {
  const attempts = step.attempts > 1 ? `, attempt ${step.attempts}` : '';
  const time = describeTime(step);
  const title = step.title === undefined ? '' : `  ${plainText(step.title)}`;
  const head = `${state(step.state, stepTones[step.state], page)}${page.paint.bold(plainText(step.id))}${title}${time === '' ? '' : `  ${page.paint.dim(time)}`}${attempts}`;
  const isTold = step.why !== undefined && step.state !== 'done' && step.state !== 'reused';
  const made = page.all || page.detail ? outputsOf(step) : [];
  return labelledLines(
    'step',
    [
      head,
      ...(isTold ? [plainText(step.why ?? '')] : []),
      ...made.map((text) => `${' '.repeat(stateWidth)}${text}`),
    ],
    margin(page),
  );
}

function outputsOf({ values, files, images }: BuildStep): readonly string[] {
  return [
    ...Object.entries(values).map(([name, value]) => `${name}=${plainText(value)}`),
    ...Object.entries(files).map(([name, file]) => `${name}: ${plainText(file.path)}  sha256:${file.sha256}`),
    ...Object.entries(images).map(
      ([name, image]) => `${name}: ${plainText(image.reference)}  ${plainText(image.id)}`,
    ),
  ];
}

function imageLines(
  { reference, platform, size, audit, publish }: BuildImage,
  page: Page,
): readonly string[] {
  const verdict =
    audit === undefined
      ? []
      : [
          page.paint.tone(
            audit.ok === true ? 'good' : audit.ok === false ? 'bad' : 'doubt',
            `audit ${plainText(audit.verdict)}: ${plainText(audit.why)}`,
          ),
        ];
  const published = publish.flatMap((one) =>
    one.reference === undefined || one.digest === undefined
      ? []
      : [`published ${page.paint.bold(plainText(one.reference))}`, plainText(one.digest)],
  );
  return labelledLines(
    'image',
    [
      `${page.paint.bold(plainText(reference))}  ${plainText(platform)}  ${describeSize(size)}`,
      ...verdict,
      ...published,
    ],
    margin(page),
  );
}

function failureLines({ failure }: BuildResult, page: Page): readonly string[] {
  if (failure === undefined) return [];
  const { of, message, hint, command, exitCode, signal, lines, log } = failure;
  const ended = exitCode === undefined ? signal : `exit code ${exitCode}`;
  return [
    ...labelled(
      failure.kind === 'interrupted' ? 'stopped' : 'failed',
      `${of === undefined || message.includes(of) ? '' : `${of}: `}${message}`,
      page,
    ),
    ...(command === undefined ? [] : labelledLines('command', plainLines(command), margin(page))),
    ...(ended === undefined ? [] : line('ended', plainText(ended), page)),
    ...(lines.length === 0 ? [] : labelledLines('said', lines.map(plainText), margin(page))),
    ...(log === undefined ? [] : line('log', plainText(log), page)),
    ...(hint === undefined ? [] : labelled('hint', hint, page)),
  ];
}

/** All runs, one line each, newest first. */
export function renderRunsTable(list: RunList, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  const rows = list.runs.map(
    (run) =>
      `${state(run.state, runTones[run.state], page)}${page.paint.bold(plainText(run.run))}  ${run.progress.done}/${run.progress.total}  ${plainText(run.executor)}${run.bytes === undefined ? '' : `  ${describeSize(run.bytes)}`}${run.why === undefined ? '' : `  ${plainText(run.why)}`}`,
  );
  const problems = list.problems.map(({ run, message }) => `${plainText(run)}: ${plainText(message)}`);
  return joined([rows, problems, [page.paint.bold(runsTotalsOf(list))]]);
}

function nextLines(result: BuildResult): readonly string[] {
  const next = nextCommand(result);
  return next === '' ? [] : [`go on with: ${next}`];
}

function state(word: string, tone: Tone, { paint }: Page): string {
  return `${paint.tone(tone, word)}${' '.repeat(Math.max(1, stateWidth - word.length))}`;
}

function plainLines(text: string): readonly string[] {
  return text.split('\n').map(plainText);
}

function labelled(label: string, text: string, page: Page): readonly string[] {
  const lines = text.split('\n').flatMap((one) => wrap(plainText(one), page.columns - indent - labelWidth));
  return labelledLines(label, lines, margin(page));
}

function line(label: string, text: string, page: Page): readonly string[] {
  return labelledLines(label, [text], margin(page));
}

function margin({ paint }: Page) {
  return { indent, width: labelWidth, mark: paint.dim };
}

import { secretsIn } from '../plan/resolve.ts';
import type { Plan, PlannedStep } from '../plan/types.ts';
import { shownDuration } from './describe.ts';
import { ExportError } from './errors.ts';
import { type Exported, type ExportOptions, exportShell } from './export-shell.ts';
import { delimiterFor, displayText } from './words.ts';
import { yamlBlock, yamlText } from './yaml.ts';

export interface WorkflowOptions extends ExportOptions {
  /** Label of the machines that do it, or several with commas between them; GitHub's own for arm64 unless told. */
  readonly runsOn?: string | undefined;
}

const defaultLabel = 'ubuntu-24.04-arm';
/** A job on a machine of GitHub's is ended after six hours, and one on a machine of one's own after five days. */
const hostedMinutes = 360;
const ownMinutes = 5 * 24 * 60;
/** Of steps that say nothing else. */
const shortMinutes = 10;

/** A step of the workflow. */
interface WorkflowStep {
  readonly name: string;
  readonly id?: string;
  readonly when?: string;
  /** By name: an expression of GitHub's. */
  readonly env?: Readonly<Record<string, string>>;
  readonly minutes?: number;
  readonly run: string;
}

/**
 * The plan as a workflow of GitHub Actions, begun by hand: one job that writes the plan's script, and does it step by step. So
 * whatever either of them is run by, the same is done. Secrets come from the repository's, each to the steps that use it.
 * @throws as `exportShell` does; ExportError for a label that is none
 */
export async function exportWorkflow(
  plan: Plan,
  { runsOn, signal }: WorkflowOptions = {},
): Promise<Exported> {
  const labels = labelsOf(runsOn ?? defaultLabel);
  const script = await exportShell(plan, { signal });
  const steps = [scriptStep(plan, script.text), ...workSteps(plan)];
  const [gathering, publishing] = [gatherSteps(plan), publishSteps(plan)];
  const minutes = [...steps, ...gathering, ...publishing].reduce(
    (sum, step) => sum + (step.minutes ?? shortMinutes),
    // Of keeping the files.
    30,
  );
  const lines = [
    `# ${displayText(plan.title ?? plan.recipe)}`,
    `# The recipe ${plan.recipe} (SHA-256 ${plan.recipeSha256}). Its script is in the first step; the others do parts of it.`,
    ...publishComments(plan),
    `name: ${yamlText(displayText(plan.title ?? plan.recipe))}`,
    'on:',
    '  workflow_dispatch:',
    '# It checks nothing out, and writes nothing to the repository.',
    'permissions: {}',
    'jobs:',
    '  build:',
    `    runs-on: ${labels.length === 1 ? labels[0] : `[${labels.join(', ')}]`}`,
    `    timeout-minutes: ${Math.min(minutes, ownMinutes)}`,
    '    steps:',
    ...steps.map(drawStep),
    ...gathering.map(drawStep),
    ...(gathering.length === 0 ? [] : uploadLines(plan)),
    ...publishing.map(drawStep),
  ];
  return { text: `${lines.join('\n')}\n`, notes: [...script.notes, ...timeNotes(plan, labels.join(', '))] };
}

function labelsOf(text: string): readonly string[] {
  const labels = text.split(',').map((label) => label.trim());
  const odd = labels.find((label) => !/^[A-Za-z][A-Za-z0-9_.-]{0,127}$/.test(label));
  if (odd === undefined) return labels;
  throw new ExportError('NOT_EXPORTABLE', `"${displayText(odd)}" is no label of machines`, {
    hint: `Labels are like ${defaultLabel} or self-hosted.`,
  });
}

function scriptName({ recipe }: Plan): string {
  return `"$RUNNER_TEMP/${recipe}.sh"`;
}

function call(plan: Plan, what: string): string {
  return `sh ${scriptName(plan)} ${plan.recipe} ${what}\n`;
}

function scriptStep(plan: Plan, text: string): WorkflowStep {
  const delimiter = `ARMLOAD_${delimiterFor(text)}`;
  if (text.includes('${{') || text.split('\n').includes(delimiter))
    throw new ExportError('NOT_EXPORTABLE', 'the script holds what a workflow would read as its own');
  return {
    name: 'Write the script',
    run: `cat > ${scriptName(plan)} <<'${delimiter}'\n${text}${delimiter}\n`,
  };
}

function workSteps(plan: Plan): readonly WorkflowStep[] {
  const checks: readonly WorkflowStep[] =
    plan.checks.length === 0 ? [] : [{ name: 'Check the result', minutes: 30, run: call(plan, 'verify') }];
  const sources: readonly WorkflowStep[] =
    plan.sources.length === 0 ? [] : [{ name: 'Fetch the sources', minutes: 60, run: call(plan, 'sources') }];
  return [
    {
      name: 'Check the machine',
      env: secretVariables(plan, Object.keys(plan.secrets)),
      run: call(plan, 'check'),
    },
    ...sources,
    ...turnsByName(plan.steps).map((turns) => stepOf(plan, turns)),
    ...checks,
  ];
}

/** The turns of a foreach are one step of the workflow: there may be thousands of them. */
function turnsByName(steps: readonly PlannedStep[]): readonly (readonly PlannedStep[])[] {
  const byName = new Map<string, PlannedStep[]>();
  for (const step of steps) byName.set(step.name, [...(byName.get(step.name) ?? []), step]);
  return [...byName.values()];
}

function stepOf(plan: Plan, turns: readonly PlannedStep[]): WorkflowStep {
  const [{ name, title } = { name: '', title: undefined }] = turns;
  const seconds = turns.reduce((sum, turn) => sum + turn.timeoutSeconds * (turn.retries + 1), 0);
  const secrets = turns.flatMap(({ environment }) => environment.flatMap(({ value }) => secretsIn(value)));
  return {
    name: displayText(title ?? name),
    id: name,
    env: secretVariables(plan, secrets),
    // The script ends what takes too long, and says so; this is for a script that hangs itself.
    minutes: Math.ceil(seconds / 60) + 5,
    run: call(plan, `step ${name}`),
  };
}

function secretVariables({ secrets }: Plan, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...new Set(names)].map((name) => [secrets[name] ?? name, evaluated(`secrets.${secrets[name] ?? name}`)]),
  );
}

/** For GitHub to fill in. */
function evaluated(expression: string): string {
  return `\${{ ${expression} }}`;
}

/** As a tar, so that what is executable stays so. */
function gatherSteps(plan: Plan): readonly WorkflowStep[] {
  if (plan.steps.every(({ files }) => files.length === 0)) return [];
  const run = call(plan, `collect "$RUNNER_TEMP/${plan.recipe}.tar"`);
  return [{ name: 'Gather the files', minutes: 30, run }];
}

function uploadLines(plan: Plan): readonly string[] {
  return [
    `      - name: ${yamlText('Keep the files')}`,
    '        uses: actions/upload-artifact@v4',
    '        with:',
    `          name: ${yamlText(plan.recipe)}`,
    `          path: ${evaluated('runner.temp')}/${plan.recipe}.tar`,
  ];
}

const isPublished = "vars.PUBLISH_TO != ''";

function publishSteps(plan: Plan): readonly WorkflowStep[] {
  if (plan.publications.length === 0) return [];
  const to = { PUBLISH_TO: evaluated('vars.PUBLISH_TO') };
  return [
    {
      name: 'Log in to the registry',
      when: `${isPublished} && vars.PUBLISH_USER != ''`,
      env: {
        ...to,
        PUBLISH_USER: evaluated('vars.PUBLISH_USER'),
        PUBLISH_PASSWORD: evaluated('secrets.PUBLISH_PASSWORD'),
      },
      minutes: 5,
      run: `printf '%s' "$PUBLISH_PASSWORD" | docker login --username "$PUBLISH_USER" --password-stdin "\${PUBLISH_TO%%/*}"\n`,
    },
    { name: 'Publish the images', when: isPublished, env: to, minutes: 60, run: call(plan, 'publish') },
  ];
}

function publishComments({ publications }: Plan): readonly string[] {
  if (publications.length === 0) return [];
  return [
    '# Images are published where the variable PUBLISH_TO says host/repository; PUBLISH_USER and the secret',
    '# PUBLISH_PASSWORD are for a registry that asks.',
  ];
}

function drawStep({ name, id, when, env = {}, minutes, run }: WorkflowStep): string {
  const variables = Object.entries(env).map(([variable, value]) => `          ${variable}: ${value}`);
  return [
    `      - name: ${yamlText(name)}`,
    ...(id === undefined ? [] : [`        id: ${id}`]),
    ...(when === undefined ? [] : [`        if: ${when}`]),
    ...(minutes === undefined ? [] : [`        timeout-minutes: ${minutes}`]),
    ...(variables.length === 0 ? [] : ['        env:', ...variables]),
    '        shell: bash',
    `        run: ${yamlBlock(run, 10)}`,
  ].join('\n');
}

function timeNotes({ steps }: Plan, label: string): readonly string[] {
  const expected = steps.reduce((sum, step) => sum + (step.expected?.seconds ?? 0), 0);
  const longest = steps.reduce((sum, step) => sum + step.timeoutSeconds * (step.retries + 1), 0);
  const machines = 'Machines of GitHub’s end a job after 6 h';
  if (longest <= hostedMinutes * 60) return [];
  if (expected > hostedMinutes * 60)
    return [
      `${machines}, and the steps take about ${shownDuration(expected)}: ${label} has to be a machine of your own.`,
    ];
  return [
    `${machines}; the steps may take up to ${shownDuration(longest)} by their time limits${expected === 0 ? '' : `, and took about ${shownDuration(expected)} where they were known to`}.`,
  ];
}

import type { Plan } from '../plan/types.ts';
import { awkPattern } from './awk-pattern.ts';
import { refuseReserved, shownDuration } from './describe.ts';
import { ExportError } from './errors.ts';
import { checkFunctions, publishLines, verifyLines } from './export-outcomes.ts';
import { requirementLines } from './export-requirements.ts';
import { sourceFunctions, sourceLines } from './export-sources.ts';
import { stepFunctions, stepLines } from './export-steps.ts';
import { expressionsIn } from './expressions.ts';
import { basics, constants } from './library/basics.ts';
import { host, jobs } from './library/jobs.ts';
import { checkerNote, commands, person, plainPlace } from './library/main.ts';
import { outcomes } from './library/outcomes.ts';
import { outputs } from './library/outputs.ts';
import { requirements } from './library/requirements.ts';
import { sources } from './library/sources.ts';
import { steps } from './library/steps.ts';
import { displayText, shellFunction, shellText, shellTexts, variableOf } from './words.ts';

export interface ExportOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A plan in another form. */
export interface Exported {
  readonly text: string;
  /** Sentences, for people: where it does less than armload itself would. */
  readonly notes: readonly string[];
}

/**
 * The plan as a script for any POSIX sh, which does the same without armload: `sh SCRIPT [WORKSPACE [WHAT]]`. Secrets are in
 * it by the names of their variables alone, and whatever else is text of the recipe stays text.
 * @throws ExportError `NOT_EXPORTABLE`; RecipeError where a file beside the recipe isn't what the plan says
 */
export async function exportShell(plan: Plan, { signal }: ExportOptions = {}): Promise<Exported> {
  checkNames(plan);
  const sections = [
    header(plan),
    checkerNote,
    ...starting(plan),
    basics,
    capture(plan),
    constants,
    jobs,
    host,
    requirements,
    sources,
    outputs,
    steps,
    outcomes,
    ...(await sourceFunctions(plan, signal)),
    ...stepFunctions(plan),
    ...checkFunctions(plan),
    shellFunction('check_requirements', requirementLines(plan)),
    shellFunction('get_sources', sourceLines(plan)),
    shellFunction('do_steps', stepLines(plan)),
    shellFunction('verify', verifyLines(plan)),
    shellFunction('publish', publishLines(plan)),
    main(plan),
  ];
  return { text: `${sections.map((section) => section.trimEnd()).join('\n\n')}\n`, notes: notesOf(plan) };
}

/** A plan that didn't come from a recipe could have any names; these stand in the script as they are. */
function checkNames(plan: Plan): void {
  const identifiers = [
    ...plan.passEnvironment,
    ...Object.values(plan.secrets),
    ...plan.steps.flatMap(({ environment }) => environment.map(({ name }) => name)),
  ];
  const words = [
    ...Object.keys(plan.secrets),
    ...plan.sources.map(({ name }) => name),
    ...plan.steps.flatMap(({ name, values, files, images }) => [
      ...[name, ...values],
      ...[...files, ...images].map((output) => output.name),
    ]),
    ...plan.publications.flatMap(({ step, output }) => [step, output]),
  ];
  const odd =
    identifiers.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) ??
    words.find((word) => !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(word)) ??
    plan.steps
      .map(({ id }) => id)
      .find((id) => !/^[a-z][a-z0-9-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(id)) ??
    (/^[a-z0-9][a-z0-9.-]*$/.test(plan.recipe) ? undefined : plan.recipe);
  if (odd !== undefined)
    throw new ExportError(
      'NOT_EXPORTABLE',
      `${JSON.stringify(odd.slice(0, 100))} is no name that a script can have`,
    );
  for (const { path } of plan.sources) refuseReserved(path);
}

function header({ recipe, title, recipeSha256, parameters, secrets, steps }: Plan): string {
  const expected = steps.flatMap((step) => (step.expected === undefined ? [] : [step.expected.seconds]));
  const sum = expected.reduce((all, seconds) => all + seconds, 0);
  return [
    '#!/bin/sh',
    `# ${displayText(title ?? recipe)}`,
    '#',
    `# The recipe ${recipe} (SHA-256 ${recipeSha256.slice(0, 64)}) as a script that needs no armload:`,
    '#',
    '#   sh SCRIPT [WORKSPACE]                all of it, in WORKSPACE; begun again, it goes on where it was',
    '#   sh SCRIPT WORKSPACE check            does this machine have what it takes?',
    '#   sh SCRIPT WORKSPACE sources          the sources alone',
    '#   sh SCRIPT WORKSPACE step NAME        one step alone, when what it needs is done',
    '#   sh SCRIPT WORKSPACE verify           the checks of the result',
    '#   sh SCRIPT WORKSPACE collect FILE     a tar of the files that the steps gave',
    '#   sh SCRIPT WORKSPACE publish          tags and pushes the images below $PUBLISH_TO',
    '#',
    ...(expected.length === 0
      ? []
      : [
          `# Known to take about ${shownDuration(Math.ceil(sum / 60) * 60)}, on the machines that the steps name.`,
        ]),
    ...Object.entries(parameters).map(([name, value]) => `# ${name} = ${displayText(value)}`),
    ...Object.entries(secrets).map(
      ([name, variable]) => `# ${name} is the secret in the variable ${variable}`,
    ),
  ].join('\n');
}

/** What is in the environment under these names is none of a step's. Secrets first, before any name is the script's own. */
function starting(plan: Plan): readonly string[] {
  const variables = [...new Set(expressionsIn(plan).map(variableOf))].filter(
    (name) => !name.startsWith('parameters__'),
  );
  const secrets = Object.entries(plan.secrets).map(
    ([parameter, variable]) => `parameters__${parameter.replaceAll('-', '_')}=\${${variable}-}`,
  );
  return [
    [...secrets, ...(variables.length === 0 ? [] : [`unset \\\n  ${variables.sort().join(' \\\n  ')}`])].join(
      '\n',
    ),
  ].filter((text) => text !== '');
}

/** The variables of a job, as armload has them: of the place's own, and those that the recipe hands through. */
function capture({ passEnvironment }: Plan): string {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TMPDIR', ...passEnvironment];
  const words = [...new Set(names)].map((name) => `  ${name} "\${${name}+x}" "\${${name}-}"`);
  return `${person}base_of \\\n${words.join(' \\\n')}\n${plainPlace}`;
}

function main({ recipe, sources: planned, secrets, steps: all }: Plan): string {
  const names = Object.keys(secrets).map((parameter) => `parameters__${parameter.replaceAll('-', '_')}`);
  return [
    `total=${all.length}`,
    `sources=${shellText(planned.map(({ name }) => name).join(' '))}`,
    `secrets=${shellText(names.join(' '))}`,
    `workspace=\${1:-${shellTexts([`./${recipe}`])}}`,
    `recipe=${shellText(recipe.slice(0, 40))}`,
    commands,
  ].join('\n');
}

function notesOf({ checks, steps: all, requires }: Plan): readonly string[] {
  const patterns = checks.flatMap(({ title, version }) =>
    version !== undefined && awkPattern(version.matches) === undefined ? [displayText(title)] : [],
  );
  return [
    ...(requires.images
      ? [
          'Images are looked at as far as the engine tells of them; the audit of what is in them is armload’s alone.',
        ]
      : []),
    ...(all.some(({ files }) => files.some(({ machine }) => machine !== undefined))
      ? [
          'Of files that are archives or compressed, the script can’t tell the machine, and fails unless ARMLOAD_UNPROVEN=accept.',
        ]
      : []),
    ...patterns.map(
      (title) => `The pattern of the check "${title}" has no equal in awk: the script can’t hold it.`,
    ),
  ];
}

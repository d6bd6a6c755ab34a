import { type PlanView, planViewSchemaVersion, type SourceView, type StepView } from '../../results/index.ts';
import { formatTemplate } from '../document/template.ts';
import { shellValue, shellWords } from './shell.ts';
import { sourceCommands, sourceReading } from './source-commands.ts';
import type { Expression, Plan, PlannedSource, PlannedStep, Template } from './types.ts';

/**
 * The plan for people: the exact commands in order, quoted for a shell. No secret's value can be in it, as a plan has none.
 */
export function showPlan(plan: Plan): PlanView {
  const expected = plan.steps.flatMap(({ expected }) => (expected === undefined ? [] : [expected.seconds]));
  return {
    schemaVersion: planViewSchemaVersion,
    kind: 'plan',
    recipe: plan.recipe,
    ...(plan.product !== undefined && { product: plan.product }),
    ...(plan.title !== undefined && { title: plan.title }),
    recipeSha256: plan.recipeSha256,
    parameters: { ...plan.parameters },
    secrets: Object.entries(plan.secrets).map(([parameter, variable]) => ({ parameter, variable })),
    requires: {
      ...plan.requires,
      tools: plan.requires.tools.map(({ name, version, why }) => ({
        name,
        ...(version !== undefined && { version }),
        ...(why !== undefined && { why }),
      })),
    },
    passEnvironment: [...plan.passEnvironment],
    sources: plan.sources.map(showSource),
    steps: plan.steps.map((step) => showStep(step, plan)),
    ...(expected.length > 0 && { expectedSeconds: expected.reduce((sum, seconds) => sum + seconds, 0) }),
    checks: plan.checks.map(showCheck),
    publications: plan.publications.map(({ image, step, name, tag }) => ({
      image: formatTemplate(image),
      step,
      name,
      ...(tag !== undefined && { tag }),
    })),
  };
}

function showSource(source: PlannedSource): SourceView {
  const { name, kind, path } = source;
  const reading = sourceReading(source);
  const commands = [...sourceCommands(source), ...(reading === undefined ? [] : [reading])];
  const shown = commands.map(({ words, workdir }) => ({ workdir, shell: shellWords(words) }));
  if (source.kind === 'file')
    return {
      ...{ name, kind, path, from: source.file, pinned: source.sha256 },
      commands: [
        {
          workdir: '',
          shell: shellWords([
            'install',
            '-D',
            '-m',
            source.executable ? '755' : '644',
            '--',
            source.file,
            path,
          ]),
        },
      ],
    };
  const pinned = source.kind === 'git' ? source.commit : source.sha256;
  return {
    ...{ name, kind, path, from: source.url },
    ...(pinned !== undefined && { pinned }),
    ...(source.kind === 'git' && source.ref !== undefined && { ref: source.ref }),
    commands: shown,
  };
}

function showStep(step: PlannedStep, plan: Plan): StepView {
  const { id, title, needs, when, timeoutSeconds, retries, network, resources, expected } = step;
  return {
    id,
    ...(title !== undefined && { title }),
    needs: [...needs],
    ...(when !== undefined && { when: when.text }),
    workdir: formatTemplate(step.workdir),
    environment: step.environment.map(({ name, value }) => showVariable(name, { value, plan })),
    command:
      step.command.kind === 'script'
        ? { kind: 'script', shell: step.command.text }
        : { kind: 'words', shell: shellWords(step.command.words.map(formatTemplate)) },
    ...{ timeoutSeconds, retries, network, resources },
    ...(expected !== undefined && { expected }),
    values: [...step.values],
    files: step.files.map(({ name, path, machine, sha256 }) => ({
      name,
      path: formatTemplate(path),
      ...(machine !== undefined && { machine }),
      ...(sha256 !== undefined && { sha256 }),
    })),
    images: step.images.map(({ name, reference, platform }) => ({
      name,
      reference: formatTemplate(reference),
      platform,
    })),
  };
}

function showVariable(
  name: string,
  { value, plan }: { value: Template; plan: Plan },
): StepView['environment'][number] {
  const variableOf = ({ path: [, parameter = ''] }: Expression): string =>
    plan.secrets[parameter] ?? parameter;
  const secret = value.some((part) => typeof part !== 'string' && part.secret);
  const shown = value.map((part) =>
    typeof part !== 'string' && part.secret ? `$${variableOf(part)}` : formatTemplate([part]),
  );
  const shell = `export ${name}=${shellValue(value, variableOf)}`;
  return { name, value: shown.join(''), secret, shell };
}

function showCheck({
  title,
  file,
  image,
  machine,
  sha256,
  version,
}: Plan['checks'][number]): PlanView['checks'][number] {
  return {
    title,
    ...(file !== undefined && { file: formatTemplate(file) }),
    ...(image !== undefined && { image: formatTemplate(image) }),
    ...(machine !== undefined && { machine }),
    ...(sha256 !== undefined && { sha256 }),
    ...(version !== undefined && {
      version: { shell: shellWords(version.words.map(formatTemplate)), matches: version.matches },
    }),
  };
}

import { redact } from '../../core/index.ts';
import {
  type BuildFailure,
  type BuildFailureKind,
  type BuildImage,
  type BuildResult,
  type BuildSource,
  type BuildStep,
  buildFailureKinds,
  buildSchemaVersion,
  type RunStateName,
  type RunSummary,
} from '../../results/index.ts';
import type { Plan, PlannedSource, PlannedStep } from '../plan/types.ts';
import type { RecordOf } from './journal/records.ts';
import { pairKey, type RunState, type StepState, savedImages } from './journal/replay.ts';
import { commandText } from './runner/resolve-step.ts';
import type { RunFolder } from './store/run-folder.ts';
import { logTail } from './store/step-log.ts';

/** What is known of a run. */
export interface KnownRun {
  readonly folder: RunFolder;
  readonly state: RunState;
  readonly plan: Plan;
  /** Is a process at work on it? */
  readonly isHeld: boolean;
}

export function summarize({ folder, state, plan, isHeld }: KnownRun): RunSummary {
  const { recipe, product, title, platform } = state.run;
  const steps = plan.steps.map(({ id }) => state.steps.get(id)?.state);
  const name = stateName(state, isHeld);
  const why = whyOf(state, name);
  return {
    run: folder.id,
    recipe,
    ...(product === undefined ? {} : { product }),
    ...(title === undefined ? {} : { title }),
    state: name,
    platform,
    executor: state.executor,
    begun: new Date(state.begunAt).toISOString(),
    last: new Date(state.lastAt).toISOString(),
    progress: {
      total: steps.length,
      done: steps.filter((step) => step === 'done' || step === 'skipped').length,
    },
    ...(why === undefined ? {} : { why }),
  };
}

function stateName(state: RunState, isHeld: boolean): RunStateName {
  if (state.end?.type === 'run-done') return 'done';
  if (state.end?.type === 'run-failed') return 'failed';
  if (state.end?.type === 'run-interrupted') return 'interrupted';
  if (isHeld) return 'running';
  return state.place === undefined && state.sources.size === 0 ? 'planned' : 'interrupted';
}

function whyOf({ end }: RunState, name: RunStateName): string | undefined {
  if (end !== undefined && end.type !== 'run-done') return end.message;
  return name === 'interrupted' ? 'its process is gone' : undefined;
}

/** All of a run as data. `kept` are the digests of the files that are still there. */
export function describeRun(known: KnownRun, kept: ReadonlySet<string>): BuildResult {
  const { folder, state, plan } = known;
  const failure = failureOf(known);
  return {
    schemaVersion: buildSchemaVersion,
    ...summarize(known),
    folder: folder.path,
    recipeSha256: state.run.recipeSha256,
    parameters: state.run.parameters,
    sessions: state.session,
    ...(state.place === undefined ? {} : { place: describePlace(state, state.place) }),
    sources: plan.sources.map((source) => describeSource(source, state)),
    steps: plan.steps.map((step) => describeStep(step, { known, kept })),
    checks: plan.checks.map(({ title }, index) => describeCheck(title, state.checks.get(index))),
    images: describeImages(known, kept),
    ...(failure === undefined ? {} : { failure }),
  };
}

function describePlace(
  { released }: RunState,
  { workspace, enter, host }: RecordOf<'place-acquired'>,
): NonNullable<BuildResult['place']> {
  const { os, architecture, id, version, cpus, memory } = host;
  return {
    workspace,
    enter,
    discarded: released?.discarded ?? false,
    os,
    architecture,
    id,
    version,
    cpus,
    memory,
  };
}

function describeSource(source: PlannedSource, { sources, end }: RunState): BuildSource {
  const { name, kind, path } = source;
  const known = sources.get(name);
  const isRunning = known?.state === 'begun' && end === undefined;
  const { commit, content } = known?.facts ?? {};
  return {
    name,
    kind,
    from: redact(source.kind === 'file' ? source.file : source.url),
    path,
    state:
      known === undefined
        ? 'waiting'
        : isRunning
          ? 'running'
          : known.state === 'begun'
            ? 'waiting'
            : known.state,
    ...(commit === undefined ? {} : { commit }),
    ...(content === undefined ? {} : { content }),
    ...(known?.seconds === undefined ? {} : { seconds: known.seconds }),
  };
}

function describeStep(
  step: PlannedStep,
  { known, kept }: { readonly known: KnownRun; readonly kept: ReadonlySet<string> },
): BuildStep {
  const { id, title, expected } = step;
  const { folder } = known;
  const state = known.state.steps.get(id);
  const { values = {}, files = {}, images = {} } = state?.state === 'done' ? (state.facts ?? {}) : {};
  const why = state === undefined ? undefined : stepWhy(state);
  return {
    id,
    ...(title === undefined ? {} : { title }),
    state: stepStateName(state, known),
    attempts: state?.attempts ?? 0,
    ...(state?.seconds === undefined ? {} : { seconds: state.seconds }),
    ...(expected === undefined ? {} : { expected: describeExpected(expected) }),
    ...(why === undefined ? {} : { why }),
    ...(state === undefined || state.attempts === 0 ? {} : { log: folder.log(id) }),
    values,
    files: Object.fromEntries(
      Object.entries(files).map(([name, { path, sha256 }]) => [
        name,
        { path, sha256, ...(kept.has(sha256) ? { kept: folder.objects.path(sha256) } : {}) },
      ]),
    ),
    images,
  };
}

function describeExpected({
  seconds,
  on,
  note,
}: NonNullable<PlannedStep['expected']>): BuildStep['expected'] {
  return { seconds, ...(on === undefined ? {} : { on }), ...(note === undefined ? {} : { note }) };
}

function stepStateName(state: StepState | undefined, { state: run, isHeld }: KnownRun): BuildStep['state'] {
  switch (state?.state) {
    case undefined:
    case 'dropped':
      return 'waiting';
    case 'done':
      return state.reused === true ? 'reused' : 'done';
    case 'failed':
      return state.failure?.how === 'interrupted' ? 'interrupted' : 'failed';
    case 'begun':
      return isHeld && run.end === undefined ? 'running' : 'interrupted';
    case 'skipped':
      return 'skipped';
  }
}

function stepWhy({ state, failure, skipped }: StepState): string | undefined {
  if (state === 'failed') return failure?.message;
  return state === 'skipped' ? `its condition is false: ${skipped ?? ''}` : undefined;
}

function describeCheck(
  title: string,
  record: RecordOf<'check-done'> | undefined,
): BuildResult['checks'][number] {
  if (record === undefined) return { title, state: 'waiting' };
  const state = record.ok === undefined ? 'unknown' : record.ok ? 'passed' : 'failed';
  return { title, state, why: record.why };
}

function describeImages({ folder, state, plan }: KnownRun, kept: ReadonlySet<string>): BuildImage[] {
  return savedImages(state, plan).map(({ step, output, reference, id, platform, sha256, size }) => {
    const audit = state.audits.get(pairKey(sha256, platform));
    const publications = plan.publications.filter((each) => each.step === step && each.output === output);
    return {
      step,
      output,
      reference,
      id,
      platform,
      ...(kept.has(sha256) ? { archive: folder.objects.path(sha256) } : {}),
      sha256,
      size,
      ...(audit === undefined ? {} : { audit }),
      publish: publications.map(({ name, tag }) => {
        const done = state.publications.get(pairKey(name, tag ?? ''))?.done;
        return { name, ...(tag === undefined ? {} : { tag }), ...done };
      }),
    };
  });
}

function failureOf({ folder, state, plan }: KnownRun): BuildFailure | undefined {
  const { end } = state;
  if (end === undefined || end.type === 'run-done') return undefined;
  if (end.type === 'run-interrupted')
    return { kind: 'interrupted', code: end.code, message: end.message, lines: [] };
  const { of, code, message, hint } = end;
  const kind: BuildFailureKind = buildFailureKinds.find((known) => known === end.kind) ?? 'other';
  const failure = {
    kind,
    code,
    message,
    lines: [],
    ...(of === undefined ? {} : { of }),
    ...(hint === undefined ? {} : { hint }),
  };
  if (of === undefined || (kind !== 'step' && kind !== 'source')) return failure;
  const log = folder.log(kind === 'step' ? of : `source.${of}`);
  const printed = { log, lines: [...logTail(log)] };
  const step = kind === 'step' ? plan.steps.find(({ id }) => id === of) : undefined;
  if (step === undefined) return { ...failure, ...printed };
  return { ...failure, ...printed, command: commandText(step), ...howItEnded(state.steps.get(of)) };
}

function howItEnded(step: StepState | undefined): Pick<BuildFailure, 'how' | 'exitCode' | 'signal'> {
  if (step?.failure === undefined) return {};
  const { how, code, signal } = step.failure;
  return {
    how,
    ...(code === undefined ? {} : { exitCode: code }),
    ...(signal === undefined ? {} : { signal }),
  };
}

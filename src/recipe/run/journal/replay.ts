import type { Plan, SourceFacts, StepFacts } from '../../plan/types.ts';
import { RunError } from '../errors.ts';
import type { AuditAnswer, JournalEntry, RecordOf } from './records.ts';

export interface StepState {
  /** `failed` also where an interruption ended the last attempt; `begun` where nobody wrote how it ended. */
  state: 'begun' | 'done' | 'skipped' | 'failed' | 'dropped';
  attempts: number;
  /** Of the last attempt. */
  inputHash?: string;
  job?: string;
  log?: number;
  begunAt?: number;
  /** The record's number and time. */
  begun?: number;
  done?: number;
  facts?: StepFacts;
  seconds?: number;
  /** Taken over, as it was, by a later session. */
  reused?: boolean;
  failure?: RecordOf<'step-failed'>;
  skipped?: string;
  /** Failed, and lost, attempts since the run was last taken up. */
  failures: number;
  losses: number;
}

export interface SourceState {
  state: 'begun' | 'done' | 'failed';
  attempts: number;
  facts?: SourceFacts;
  seconds?: number;
}

export interface PublishState {
  readonly name: string;
  readonly tag: string;
  readonly sha256: string;
  done?: { readonly reference: string; readonly digest: string };
}

export type RunEnd = RecordOf<'run-interrupted'> | RecordOf<'run-failed'> | RecordOf<'run-done'>;

/** What a journal comes to. */
export interface RunState {
  readonly run: RecordOf<'run-begun'>;
  /** Milliseconds since 1970: of the first and last record. */
  readonly begunAt: number;
  lastAt: number;
  /** From 1: how often somebody took it up. */
  session: number;
  executor: string;
  place?: RecordOf<'place-acquired'>;
  released?: RecordOf<'place-released'>;
  /** Addresses of places with a workspace of the run that nobody took away. */
  readonly workspaces: Set<string>;
  readonly sources: Map<string, SourceState>;
  readonly steps: Map<string, StepState>;
  readonly checks: Map<number, RecordOf<'check-done'>>;
  /** By step and output. */
  readonly images: Map<string, RecordOf<'image-saved'>>;
  /** By content and platform. */
  readonly audits: Map<string, AuditAnswer>;
  built: boolean;
  /** By name and tag. */
  readonly publications: Map<string, PublishState>;
  /** How it ended, unless it was taken up again since, or nobody could write it. */
  end?: RunEnd | undefined;
  /** Of the newest step that was begun. */
  lastBegun: number;
}

/** A key of two texts neither of which has a line feed. */
export function pairKey(left: string, right: string): string {
  return `${left}\n${right}`;
}

/** In the plan's order, whichever was saved first. */
export function savedImages(
  { images }: Pick<RunState, 'images'>,
  { steps }: Pick<Plan, 'steps'>,
): readonly RecordOf<'image-saved'>[] {
  return steps.flatMap((step) => step.images.flatMap(({ name }) => images.get(pairKey(step.id, name)) ?? []));
}

/** @throws RunError `JOURNAL_DAMAGED` where it doesn't begin with the run's beginning. */
export function replay(entries: readonly JournalEntry[]): RunState {
  const first = entries[0];
  if (first === undefined || first.record.type !== 'run-begun')
    throw new RunError('JOURNAL_DAMAGED', "the journal does not begin with the run's beginning", {
      hint: 'The run can not go on. Begin a new one.',
      facts: { line: 1 },
    });
  const state: RunState = {
    run: first.record,
    begunAt: first.time,
    lastAt: first.time,
    session: 1,
    executor: first.record.executor,
    workspaces: new Set(),
    sources: new Map(),
    steps: new Map(),
    checks: new Map(),
    images: new Map(),
    audits: new Map(),
    built: false,
    publications: new Map(),
    lastBegun: 0,
  };
  for (const entry of entries) applyEntry(state, entry);
  return state;
}

/** Moves the state on by one entry. */
export function applyEntry(state: RunState, { number, time, record }: JournalEntry): void {
  state.lastAt = time;
  switch (record.type) {
    case 'run-begun':
      return;
    case 'run-resumed':
      resumed(state, record);
      return;
    case 'place-acquired':
      state.place = record;
      delete state.released;
      state.workspaces.add(state.executor);
      return;
    case 'place-released':
      state.released = record;
      if (record.discarded) state.workspaces.delete(state.executor);
      return;
    case 'source-begun':
    case 'source-done':
    case 'source-failed':
      applySource(state, record);
      return;
    case 'check-done':
      state.checks.set(record.index, record);
      return;
    case 'image-saved':
      state.images.set(pairKey(record.step, record.output), record);
      return;
    case 'image-audited':
      state.audits.set(pairKey(record.sha256, record.platform), record.answer);
      return;
    case 'built':
      state.built = true;
      return;
    case 'publish-begun':
      state.publications.set(pairKey(record.name, record.tag), record);
      return;
    case 'publish-done':
      state.publications.set(pairKey(record.name, record.tag), {
        ...record,
        done: { reference: record.reference, digest: record.digest },
      });
      return;
    case 'run-interrupted':
    case 'run-failed':
    case 'run-done':
      state.end = record;
      return;
    case 'step-begun':
    case 'step-done':
    case 'step-failed':
    case 'step-skipped':
    case 'step-reused':
    case 'step-dropped':
      applyStep(state, { number, time, record });
  }
}

type StepRecord = RecordOf<
  'step-begun' | 'step-done' | 'step-failed' | 'step-skipped' | 'step-reused' | 'step-dropped'
>;

function applyStep(
  state: RunState,
  { number, time, record }: { readonly number: number; readonly time: number; readonly record: StepRecord },
): void {
  const step = stepOf(state, record.id);
  switch (record.type) {
    case 'step-begun': {
      const { attempt, inputHash, job, log } = record;
      Object.assign(step, {
        state: 'begun',
        attempts: attempt,
        inputHash,
        job,
        log,
        begun: number,
        begunAt: time,
      });
      step.reused = false;
      state.lastBegun = number;
      return;
    }
    case 'step-done':
      Object.assign(step, {
        state: 'done',
        facts: record.facts,
        inputHash: record.inputHash,
        seconds: record.seconds,
        done: number,
      });
      return;
    case 'step-failed':
      step.state = 'failed';
      step.failure = record;
      step.seconds = record.seconds;
      if (record.how === 'lost') step.losses += 1;
      else if (record.how !== 'interrupted') step.failures += 1;
      return;
    case 'step-skipped':
      step.state = 'skipped';
      step.skipped = record.condition;
      return;
    case 'step-reused':
      step.reused = true;
      return;
    case 'step-dropped':
      step.state = 'dropped';
  }
}

/** What it turned out to be once is what it has to be again. */
function applySource(
  state: RunState,
  record: RecordOf<'source-begun' | 'source-done' | 'source-failed'>,
): void {
  const source: SourceState = state.sources.get(record.name) ?? { state: 'begun', attempts: 0 };
  state.sources.set(record.name, source);
  if (record.type === 'source-begun') {
    source.state = 'begun';
    source.attempts = record.attempt;
  } else if (record.type === 'source-failed') source.state = 'failed';
  else {
    source.state = 'done';
    source.facts = sourceFacts(record);
    source.seconds = record.seconds;
  }
}

function stepOf(state: RunState, id: string): StepState {
  const known = state.steps.get(id);
  if (known !== undefined) return known;
  const made: StepState = { state: 'dropped', attempts: 0, failures: 0, losses: 0 };
  state.steps.set(id, made);
  return made;
}

function resumed(state: RunState, record: RecordOf<'run-resumed'>): void {
  state.session += 1;
  state.executor = record.executor;
  state.end = undefined;
  for (const step of state.steps.values()) Object.assign(step, { failures: 0, losses: 0 });
}

function sourceFacts({ facts }: RecordOf<'source-done'>): SourceFacts {
  const { path, commit, content } = facts;
  return { path, content, ...(commit === undefined ? {} : { commit }) };
}

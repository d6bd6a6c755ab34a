import type { Clock, EventSink } from '../../../core/index.ts';
import type { HostFacts, Job, Place } from '../../executors/types.ts';
import type { KnownDigests } from '../../plan/input-hash.ts';
import type { Plan, SourceFacts, StepFacts } from '../../plan/types.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalRecord } from '../journal/records.ts';
import { applyEntry, type RunState } from '../journal/replay.ts';
import type { RunFolder } from '../store/run-folder.ts';
import type { AuditImage, DownloadArchive } from './types.ts';

export interface RunContextOptions {
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly journal: Journal;
  readonly state: RunState;
  /** Values by parameter. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Values, and the other forms in which they may come to light. */
  readonly hidden: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: EventSink | undefined;
  readonly jobs: number;
  readonly download: DownloadArchive;
  readonly auditImage: AuditImage | undefined;
}

/** A run at work: all that its parts share. */
export class RunContext {
  readonly options: RunContextOptions;
  /** What expressions are looked up in; grows while steps are done. */
  readonly sources = new Map<string, SourceFacts>();
  readonly steps = new Map<string, StepFacts>();
  readonly knownDigests: KnownDigests = new Map();
  /** When this session began, milliseconds since 1970. */
  readonly startedAt: number;
  #held: { readonly place: Place; readonly host: HostFacts; readonly isNew: boolean } | undefined;
  #jobs = 0;

  constructor(options: RunContextOptions) {
    this.options = options;
    this.startedAt = this.now();
  }

  get plan(): Plan {
    return this.options.plan;
  }
  get state(): RunState {
    return this.options.state;
  }
  get folder(): RunFolder {
    return this.options.folder;
  }
  get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  /** The place that is held. */
  get place(): Place {
    return this.#holding().place;
  }
  get host(): HostFacts {
    return this.#holding().host;
  }
  /** Is there nothing in the workspace that an earlier session left? */
  get isNewPlace(): boolean {
    return this.#holding().isNew;
  }

  hold(held: { readonly place: Place; readonly host: HostFacts; readonly isNew: boolean }): void {
    this.#held = held;
  }

  get scope(): {
    readonly host: HostFacts;
    readonly run: { readonly id: string };
    readonly secrets: ReadonlyMap<string, string>;
    readonly sources: ReadonlyMap<string, SourceFacts>;
    readonly steps: ReadonlyMap<string, StepFacts>;
  } {
    const { secrets, folder } = this.options;
    return { host: this.host, run: { id: folder.id }, secrets, sources: this.sources, steps: this.steps };
  }

  now(): number {
    return this.options.clock.now();
  }

  secondsSince(start: number): number {
    return Math.max(0, Math.round(this.now() - start) / 1000);
  }

  /** Writes to the journal, then takes note of it. */
  async record(...records: readonly JournalRecord[]): Promise<void> {
    for (const entry of await this.options.journal.append(...records)) applyEntry(this.state, entry);
  }

  /** A job's id that no other session of the run has used, for what may be asked again any time. */
  freshJob(what: string): string {
    this.#jobs += 1;
    return `s${this.state.session}-${this.#jobs}-${what}`;
  }

  /** A job of armload's own: no environment, but the variables that the recipe hands through. */
  ownJob(what: string, words: readonly string[], timeoutSeconds = 600): Job {
    return {
      id: this.freshJob(what),
      command: { kind: 'words', words },
      workdir: '',
      environment: {},
      pass: this.plan.passEnvironment,
      secrets: this.options.hidden,
      timeoutSeconds,
      network: 'allowed',
    };
  }

  #holding(): { readonly place: Place; readonly host: HostFacts; readonly isNew: boolean } {
    if (this.#held === undefined) throw new Error('no place is held');
    return this.#held;
  }
}

import { type EventSink, type ProgressEvent, redact } from '../core/index.ts';
import { describeSeconds, describeShare, plainText } from '../report/index.ts';
import type { BaseFlags } from './base-command.ts';
import type { Config } from './config.ts';
import type { Io, TextSink } from './io.ts';
import { isInteractive } from './terminal.ts';

/** Draws what happens on stderr. */
export interface Progress {
  readonly sink: EventSink;
  /** Takes the progress line away; to be called before anything else is written. */
  readonly stop: () => void;
}

export interface ProgressOptions {
  readonly stderr: TextSink;
  /** One line that is rewritten; without it, a line now and then. */
  readonly interactive: boolean;
  /** Nothing at all, warnings included. */
  readonly quiet: boolean;
  /** Debug events too. */
  readonly verbose: boolean;
  /** Milliseconds. */
  readonly now?: () => number;
}

const redrawMilliseconds = 100;
const logMilliseconds = 30_000;
const tickMilliseconds = 1000;
const defaultColumns = 80;
const clearLine = '\r\u001b[K';

interface State {
  phase: string;
  done: number;
  total: number | undefined;
  bytes: { readonly done: number; readonly total: number } | undefined;
  /** The part of a build that was begun last. */
  step: Step | undefined;
  /** The newest word of each registry about its quota or its wait. */
  readonly registries: Map<string, Word>;
}

interface Step {
  readonly id: string;
  readonly index: number;
  readonly total: number;
  /** Milliseconds since the epoch. */
  readonly begun: number;
  readonly expected?: number;
  /** The last line that it printed. */
  last: string;
}

interface Word {
  readonly text: string;
  /** Milliseconds since the epoch, after which the word is no longer true. */
  readonly until: number;
}

/** The progress of a command on its stderr; with `--verbose` it begins with the configuration that was read, if any. */
export function startProgress(
  { quiet = false, verbose = false }: BaseFlags,
  io: Io,
  config: Pick<Config, 'file'> = {},
): Progress {
  const interactive = isInteractive(io.stderr, io.environment);
  const progress = createProgress({ stderr: io.stderr, interactive, quiet, verbose });
  if (config.file !== undefined)
    progress.sink({ type: 'debug', message: `read the configuration ${config.file}` });
  return progress;
}

/** A renderer for one command's run. */
export function createProgress(options: ProgressOptions): Progress {
  if (options.quiet) return { sink: () => {}, stop: () => {} };
  const now = options.now ?? Date.now;
  const line = options.interactive ? rewrittenLine(options) : sparseLines(options);
  const state: State = {
    phase: '',
    done: 0,
    total: undefined,
    bytes: undefined,
    step: undefined,
    registries: new Map(),
  };
  const draw = (urgent: boolean) => line.update(describeState(state, now()), urgent);
  // A step may be silent for an hour: what's seen is that time passes.
  let ticking: NodeJS.Timeout | undefined;
  return {
    sink: (event) => {
      const message = messageFor(event, options.verbose);
      if (message !== undefined) line.message(message);
      if (apply(state, event, now())) draw(event.type === 'throttled');
      if (event.type === 'step') ticking ??= setInterval(() => draw(false), tickMilliseconds).unref();
    },
    stop: () => {
      clearInterval(ticking);
      line.stop();
    },
  };
}

interface Line {
  /** `urgent`: nothing else may happen for long, so it has to be drawn now. */
  update(text: string, urgent: boolean): void;
  message(text: string): void;
  readonly stop: () => void;
}

function rewrittenLine({ stderr, now = Date.now }: ProgressOptions): Line {
  let drawn = '';
  let drawnAt = Number.NEGATIVE_INFINITY;
  const clear = () => {
    if (drawn !== '') stderr.write(clearLine);
    drawn = '';
  };
  return {
    update: (text, urgent) => {
      if (!urgent && now() - drawnAt < redrawMilliseconds) return;
      // A line as wide as the terminal would wrap, and a wrapped line can't be taken back.
      const cut = text.slice(0, (stderr.columns || defaultColumns) - 1);
      if (cut === drawn) return;
      stderr.write(`${clearLine}${cut}`);
      drawn = cut;
      drawnAt = now();
    },
    message: (text) => {
      const pending = drawn;
      clear();
      stderr.write(`${text}\n${pending}`);
      drawn = pending;
    },
    stop: clear,
  };
}

function sparseLines({ stderr, now = Date.now }: ProgressOptions): Line {
  let loggedAt = now();
  return {
    update: (text) => {
      if (now() - loggedAt < logMilliseconds) return;
      loggedAt = now();
      stderr.write(`armload: ${text}\n`);
    },
    message: (text) => {
      stderr.write(`${text}\n`);
    },
    stop: () => {},
  };
}

function messageFor(event: ProgressEvent, verbose: boolean): string | undefined {
  if (event.type === 'warning') return `armload: warning: ${plainText(redact(event.message))}`;
  if (event.type === 'debug' && verbose) return `armload: ${plainText(redact(event.message))}`;
  if (event.type === 'step') return `armload: ${describeEvent(event)}`;
  if (event.type === 'output' && verbose) return outputLines(event);
  return undefined;
}

/** `[3/9] proxy begins (20 min on …)`, `[3/9] proxy done in 12 min`. */
function describeEvent(event: Extract<ProgressEvent, { type: 'step' }>): string {
  const { id, title, index, total, state, elapsed, expected } = event;
  const name = `[${index}/${total}] ${plainText(id)}`;
  const named = title === id ? name : `${name}: ${plainText(title)}`;
  switch (state) {
    case 'running':
      return expected === undefined ? named : `${named} (it is said to take ${describeSeconds(expected)})`;
    case 'done':
    case 'failed':
      return `${name} ${state} in ${describeSeconds(elapsed)}`;
    case 'reused':
      return `${name} was done before`;
    case 'skipped':
      return `${name} skipped`;
  }
}

function outputLines({ step, text }: Extract<ProgressEvent, { type: 'output' }>): string | undefined {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line !== '');
  return lines.length === 0
    ? undefined
    : lines.map((line) => `${plainText(step)} | ${plainText(line)}`).join('\n');
}

function lastLine(text: string): string | undefined {
  return text.split(/\r\n|\n|\r/).findLast((line) => line.trim() !== '');
}

/** True where the event changes what there is to see. */
function apply(state: State, event: ProgressEvent, now: number): boolean {
  switch (event.type) {
    case 'phase':
      Object.assign(state, {
        phase: plainText(event.phase),
        done: 0,
        total: event.total,
        bytes: undefined,
      });
      return true;
    case 'progress':
      Object.assign(state, { done: event.done, total: event.total });
      return true;
    case 'bytes':
      state.bytes = { done: event.done, total: event.total };
      return true;
    case 'quota':
      setWord(state, event.registry, {
        text: `quota ${event.remaining} of ${event.limit} left`,
        until: Number.POSITIVE_INFINITY,
      });
      return true;
    case 'throttled':
      setWord(state, event.registry, {
        text: `asks to wait ${Math.ceil(event.seconds)} s`,
        until: now + event.seconds * 1000,
      });
      return true;
    case 'step':
      state.step =
        event.state === 'running'
          ? { ...event, begun: now - event.elapsed * 1000, last: '' }
          : state.step?.id === event.id
            ? undefined
            : state.step;
      return true;
    case 'output':
      if (state.step?.id !== event.step) return false;
      state.step.last = lastLine(event.text) ?? state.step.last;
      return true;
    case 'warning':
    case 'debug':
      return false;
  }
}

function setWord(state: State, registry: string, word: Word): void {
  state.registries.set(registry, { ...word, text: `${plainText(registry)} ${word.text}` });
}

/** `looking up images 212 of 300 · docker.io quota 61 of 100 left`, `reading layers 120 of 480 MB`. */
function describeState(state: State, now: number): string {
  const words = [...state.registries.values()].filter(({ until }) => now < until).map(({ text }) => text);
  const what = state.step === undefined ? describeAmounts(state) : describeStep(state.step, now);
  return [what, ...words].filter((part) => part !== '').join(' · ');
}

/** `[3/9] proxy 12 min of 20 min · compiling …`. */
function describeStep({ id, index, total, begun, expected, last }: Step, now: number): string {
  const took = describeSeconds(Math.max(0, now - begun) / 1000);
  const time = expected === undefined ? took : `${took} of ${describeSeconds(expected)}`;
  return `[${index}/${total}] ${plainText(id)} ${time}${last === '' ? '' : ` · ${plainText(last.trim())}`}`;
}

function describeAmounts({ phase, done, total, bytes }: State): string {
  const amounts = [
    ...(total === undefined ? [] : [`${done} of ${total}`]),
    ...(bytes === undefined ? [] : [describeShare(bytes.done, bytes.total)]),
  ];
  return `${phase} ${amounts.join(', ')}`.trim();
}

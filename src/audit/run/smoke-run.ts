import { chown, mkdtemp } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArmloadError, type EventSink, messageOf, redact } from '../../core/index.ts';
import { removeUnpacked, type UnpackLimits, unpackView } from '../../layer/index.ts';
import type { SmokeRun } from '../../results/index.ts';
import type { SmokeRunOptions } from '../options.ts';
import { type ChosenMeans, chooseMeans } from './choose-means.ts';
import { callOf, type PlannedCommand, planCommands } from './commands.ts';
import { type Judgement, judgeOutcome } from './judge-output.ts';
import type { Environment, Outcome, Runner, Site, SmokeImage } from './types.ts';

export interface SmokeCallOptions extends SmokeRunOptions {
  readonly signal?: AbortSignal;
  /** Of this process unless told: where host programs are found, and how the Docker engine is. */
  readonly environment?: Environment;
  readonly onEvent?: EventSink;
  /** Where the image is unpacked; the system's temporary folder unless told. */
  readonly temporaryFolder?: string;
  readonly limits?: Partial<UnpackLimits>;
}

/** Node's names of architectures, where Go's are others. */
const goNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
/** Who runs the programs; files are given to them. */
const nobody = { uid: 65_534, gid: 65_534 };

/**
 * Tries out what an image starts, `--version` and the like, or the commands given: natively or emulated, as an
 * unprivileged user, without network, bounded in time, memory and output. It is a hint beside the audit and never its
 * proof: emulation fails good programs, and a program that starts isn't one that works. Nothing here fails the audit:
 * what could not be tried is `not-run`, with the reason. The unpacked files are removed in any case.
 * @throws the signal's reason.
 */
export async function smokeRun(
  image: SmokeImage,
  options: SmokeCallOptions = {},
): Promise<readonly SmokeRun[]> {
  const { signal } = options;
  signal?.throwIfAborted();
  const planned = planCommands(image, options);
  if (planned.length === 0)
    return [notRun([], options.means ?? 'none', 'nothing that the image starts is known to be machine code')];
  let work: string | undefined;
  try {
    work = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), 'armload-run-'));
    if (process.getuid?.() === 0) await chown(work, nobody.uid, nobody.gid);
    return await runAll(image, planned, { ...options, work });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const why = `there is no place to unpack the image: ${messageOf(error)}`;
    return planned.map((command) => notRun(wordsOf(command), options.means ?? 'none', why));
  } finally {
    if (work !== undefined) await removeWork(work, options.onEvent);
  }
}

async function removeWork(work: string, onEvent: EventSink | undefined): Promise<void> {
  try {
    await removeUnpacked(work);
  } catch (error) {
    onEvent?.({ type: 'warning', message: `${work} could not be removed: ${messageOf(error)}` });
  }
}

function wordsOf(command: PlannedCommand): readonly string[] {
  return command.kind === 'run' ? (command.tries[0] ?? []) : command.words;
}

async function runAll(
  image: SmokeImage,
  planned: readonly PlannedCommand[],
  options: SmokeCallOptions & { readonly work: string },
): Promise<readonly SmokeRun[]> {
  const site = siteOf(image, options);
  // What can't be run anyway needs no means.
  const chosen = planned.some(({ kind }) => kind === 'run')
    ? await chooseMeans(site, options.means)
    : ({ ok: false, why: '' } as const);
  const name = chosen.ok ? chosen.means.name : (options.means ?? 'none');
  const opened = chosen.ok ? await openImage(image, chosen, { ...options, site }) : chosen;
  try {
    const results: SmokeRun[] = [];
    options.onEvent?.({ type: 'phase', phase: 'smoke run', total: planned.length });
    for (const command of planned) {
      if (command.kind === 'refused')
        results.push({ ...notRun(command.words, name, command.why), result: command.result });
      else if (!opened.ok) results.push(notRun(wordsOf(command), name, opened.why));
      else results.push(await runCommand(image, command, { ...opened, means: name }));
      options.onEvent?.({ type: 'progress', done: results.length, total: planned.length });
    }
    return results;
  } finally {
    if (opened.ok) await opened.runner.close();
  }
}

function siteOf({ subject }: SmokeImage, options: SmokeCallOptions & { readonly work: string }): Site {
  return {
    platform: subject.platform,
    hostArchitecture: goNames[arch()] ?? arch(),
    work: options.work,
    environment: options.environment ?? process.env,
    timeoutSeconds: options.timeoutSeconds ?? 30,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

type Opened =
  | { readonly ok: true; readonly runner: Runner; readonly emulated: boolean }
  | { readonly ok: false; readonly why: string };

/** @throws the signal's reason. */
async function openImage(
  { subject, layers }: SmokeImage,
  { means, emulated }: ChosenMeans & { readonly ok: true },
  options: SmokeCallOptions & { readonly site: Site },
): Promise<Opened> {
  const { site, limits, signal } = options;
  const root = join(site.work, 'root');
  try {
    await unpackView({
      view: subject.view,
      layers,
      folder: root,
      ...(signal === undefined ? {} : { signal }),
      ...(limits === undefined ? {} : { limits }),
      ...(process.getuid?.() === 0 ? { owner: nobody } : {}),
    });
    return { ok: true, runner: await means.open(site, root), emulated };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ArmloadError) return { ok: false, why: error.message };
    throw error;
  }
}

async function runCommand(
  { subject }: SmokeImage,
  { tries, asked }: PlannedCommand & { readonly kind: 'run' },
  { runner, emulated, means }: Opened & { readonly ok: true } & { readonly means: string },
): Promise<SmokeRun> {
  let best: SmokeRun | undefined;
  for (const words of tries) {
    const outcome = await runner.run(callOf(subject, words));
    const judgement = judgeOutcome(outcome, { emulated, asked });
    const run = { command: [...words], means, ...judgement, ...measured(outcome) };
    // Refused arguments are passed if nothing better comes; whatever else happened is what there is to say.
    if (judgement.exitCode === undefined || judgement.exitCode === 0 || isTrouble(judgement)) return run;
    if (best === undefined || best.result === 'not-run') best = run;
  }
  return best ?? notRun([], means, 'there is no command to run');
}

function isTrouble({ result }: Judgement): boolean {
  return result === 'failed' || result === 'emulator-fault';
}

function measured({ output, seconds }: Outcome): Pick<SmokeRun, 'output' | 'seconds'> {
  const text = redact(printable(output)).trim();
  return { seconds: Math.round(seconds * 10) / 10, ...(text === '' ? {} : { output: text }) };
}

/** Without what could move a terminal's cursor or colour a log. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\p{Cf}]/gu, (character) =>
    /[\n\t]/.test(character) ? character : '',
  );
}

function notRun(command: readonly string[], means: string, why: string): SmokeRun {
  return { command: [...command], means, result: 'not-run', why };
}

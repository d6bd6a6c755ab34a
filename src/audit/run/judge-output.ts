import type { SmokeRun } from '../../results/index.ts';
import type { Ending, Outcome } from './types.ts';

/** What is known of a start besides how it ended. */
export interface JudgeContext {
  readonly emulated: boolean;
  /** The command was given by the person: its exit code is what they wanted to know. */
  readonly asked: boolean;
}

export type Judgement = Pick<SmokeRun, 'result' | 'why' | 'exitCode'>;

/**
 * Words of loaders, kernels, shells and language runtimes that can't load or start machine code. They count whatever
 * the exit status is: a preloaded library that is left out leaves it 0.
 */
const loaderComplaints: readonly RegExp[] = [
  // glibc, elf/dl-load.c and elf/rtld.c
  /error while loading shared libraries: /,
  /from LD_PRELOAD cannot be preloaded/,
  /cannot open shared object file/,
  /version `[^']{1,200}' not found \(required by/,
  /symbol lookup error: /,
  /cannot allocate memory in static TLS block/,
  /ELF load command (address\/offset|alignment) not (properly aligned|page-aligned)/,
  /invalid ELF header/,
  /wrong ELF class: /,
  /FATAL: kernel too old/,
  // musl, ldso/dynlink.c
  /Error loading shared library /,
  /Error relocating [^:]{1,500}: /,
  // Shells and runtimes that start others
  /exec format error\b/i,
  /cannot execute: required file not found/,
  /cannot execute binary file/,
  /\bUnsatisfiedLinkError\b/,
  // jemalloc
  /Unsupported system page size/,
  // QEMU as the loader of a program, linux-user/elfload.c
  /Could not open '[^']{1,500}': No such file or directory/,
  /Invalid ELF image for this architecture/,
];

/** Crashes, and what runtimes say of them. Under emulation nobody can tell whose fault they are. */
const crashes: readonly RegExp[] = [
  /\bIllegal instruction\b/,
  /\bSegmentation fault\b/,
  /\bBus error\b/,
  /A fatal error has been detected by the Java Runtime Environment/,
  /^(fatal error|panic): .{0,200}(unexpected signal|fault|lfstack\.push|runtime error: invalid memory)/,
  /^runtime: (lfstack\.push invalid packing|failed to create new OS thread|mmap failed)/,
  /^SIG(SEGV|ILL|BUS|TRAP): /,
  /Failed to create CoreCLR/,
];

/** What QEMU itself says when it gives up (linux-user/signal.c, elfload.c, mmap.c). */
const emulatorEnds: readonly RegExp[] = [
  /^qemu: uncaught target signal [0-9]+/,
  /^qemu[a-z0-9_-]*: (Unable to (find|reserve)|mmap|could not allocate|Unable to allocate|unhandled CPU exception)/i,
  /^qemu:? ?(internal|handle_cpu_signal|unhandled)/i,
  /QEMU internal SIG(SEGV|BUS|ILL)/,
  /guest_base/,
];

/** QEMU's remarks, which need not matter to the program. */
const emulatorRemarks: readonly RegExp[] = [
  /^(qemu: )?Unsupported (syscall|ioctl|setsockopt|getsockopt)/,
  /^qemu[a-z0-9_-]*: .{0,200}(unimplemented|not supported|unsupported)/i,
];

const maxLine = 2000;

/**
 * Says what a start tells about the machine code. It's about starting only: a program that refuses its arguments was
 * loaded and ran.
 */
export function judgeOutcome(outcome: Outcome, context: JudgeContext): Judgement {
  const { ending } = outcome;
  if (ending.kind === 'no-start') return { result: 'not-run', why: ending.why };
  const code = ending.kind === 'exit' ? { exitCode: ending.code } : {};
  if (ending.kind === 'refused') return judgeRefusal(ending.errno);
  const lines = outcome.errors.split('\n').map((line) => line.slice(0, maxLine).trimEnd());
  const complaint = firstMatch(lines, loaderComplaints);
  if (complaint !== undefined)
    return { result: 'failed', why: `a loader complained: ${quote(complaint)}`, ...code };
  if (context.emulated) {
    const fault = emulatorFault(lines, ending);
    if (fault !== undefined) return { result: 'emulator-fault', why: fault, ...code };
  } else {
    const crash = firstMatch(lines, crashes);
    if (crash !== undefined) return { result: 'failed', why: `it crashed: ${quote(crash)}`, ...code };
  }
  return { ...judgeEnding(ending, outcome, context), ...code };
}

/** errno(3): what execve(2) answered. */
function judgeRefusal(errno: number): Judgement {
  if (errno === 2)
    return {
      result: 'failed',
      why: 'the kernel could not start it: No such file or directory (the program, or the loader or interpreter it names)',
    };
  if (errno === 8)
    return {
      result: 'failed',
      why: 'the kernel could not start it: Exec format error (not a program of the platform)',
    };
  if (errno === 80)
    return {
      result: 'failed',
      why: 'the kernel could not start it: its loader is damaged or of another machine',
    };
  const known: Readonly<Record<number, string>> = {
    1: 'Operation not permitted',
    7: 'Argument list too long',
    12: 'Cannot allocate memory',
    13: 'Permission denied',
  };
  return { result: 'not-run', why: `it could not be started here: ${known[errno] ?? `error ${errno}`}` };
}

function emulatorFault(lines: readonly string[], ending: Ending): string | undefined {
  const end = firstMatch(lines, emulatorEnds) ?? firstMatch(lines, crashes);
  if (end !== undefined)
    return `it crashed under emulation, which may be the emulator's fault: ${quote(end)}`;
  const isGood = ending.kind === 'timeout' || (ending.kind === 'exit' && ending.code === 0);
  const remark = isGood ? undefined : firstMatch(lines, emulatorRemarks);
  return remark && `it ended badly where the emulator lacks something: ${quote(remark)}`;
}

function judgeEnding(
  ending: Ending,
  outcome: Outcome,
  context: JudgeContext,
): Pick<Judgement, 'result' | 'why'> {
  if (ending.kind === 'timeout')
    return {
      result: 'passed',
      why: `it started and was still running after ${Math.round(outcome.seconds)} s`,
    };
  if (ending.kind === 'signal') return judgeSignal(ending.signal, context);
  const code = ending.kind === 'exit' ? ending.code : 0;
  if (code === 0) return { result: 'passed', why: 'it ran and ended with exit code 0' };
  if (context.asked) return { result: 'failed', why: `it ran and ended with exit code ${code}` };
  if (outcome.output.trim() !== '')
    return {
      result: 'passed',
      why: `it ran: it ended with exit code ${code} after words of its own, without a complaint of a loader`,
    };
  return { result: 'not-run', why: `it ended with exit code ${code} and no word, which tells nothing` };
}

const crashSignals: Readonly<Record<number, string>> = {
  4: 'SIGILL (illegal instruction)',
  5: 'SIGTRAP',
  6: 'SIGABRT (abort)',
  7: 'SIGBUS',
  8: 'SIGFPE',
  11: 'SIGSEGV (bad memory access)',
  31: 'SIGSYS (forbidden system call)',
};

/** signal(7). A program that is ended from outside, or by a limit of ours, did not fail. */
function judgeSignal(signal: number, { emulated }: JudgeContext): Pick<Judgement, 'result' | 'why'> {
  const name = crashSignals[signal];
  if (name === undefined) {
    const cause = signal === 9 ? 'killed, most likely for its use of memory' : `ended by signal ${signal}`;
    return { result: 'not-run', why: `it was ${cause}, which tells nothing of its machine code` };
  }
  if (!emulated) return { result: 'failed', why: `it crashed with ${name}` };
  return {
    result: 'emulator-fault',
    why: `it crashed with ${name} under emulation, which may be the emulator's fault`,
  };
}

function firstMatch(lines: readonly string[], patterns: readonly RegExp[]): string | undefined {
  return lines.find((line) => patterns.some((pattern) => pattern.test(line)));
}

function quote(line: string): string {
  return line.trim().slice(0, 300);
}

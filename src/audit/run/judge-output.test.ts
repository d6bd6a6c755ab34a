import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type JudgeContext, judgeOutcome } from './judge-output.ts';
import type { Ending, Outcome } from './types.ts';

const real: JudgeContext = { emulated: false, asked: false };
const emulated: JudgeContext = { emulated: true, asked: false };

function outcome(ending: Ending, errors = '', output = errors): Outcome {
  return { ending, errors, output, seconds: 1.2 };
}

function exit(code: number, errors = '', output = errors): Outcome {
  return outcome({ kind: 'exit', code }, errors, output);
}

function signal(number: number, errors = ''): Outcome {
  return outcome({ kind: 'signal', signal: number }, errors);
}

const complaints = [
  '/app: error while loading shared libraries: libssl.so.3: cannot open shared object file: No such file or directory',
  "ERROR: ld.so: object '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.",
  "/app: /lib/aarch64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /app)",
  '/app: symbol lookup error: /lib/libfoo.so: undefined symbol: bar',
  'ImportError: /lib/libgomp.so.1: cannot allocate memory in static TLS block',
  'OSError: /x/libfoo.so: ELF load command alignment not page-aligned',
  'OSError: /x/libfoo.so: ELF load command address/offset not properly aligned',
  'OSError: /x/libfoo.so: invalid ELF header',
  'Error: /x/addon.node: wrong ELF class: ELFCLASS32',
  'Error loading shared library libgcc_s.so.1: No such file or directory (needed by /usr/bin/node)',
  'Error relocating /usr/bin/app: __snprintf_chk: symbol not found',
  'FATAL: kernel too old',
  'exec /usr/bin/app: exec format error',
  '/entry.sh: 3: /usr/bin/app: Exec format error',
  'bash: /usr/bin/app: cannot execute: required file not found',
  'bash: /usr/bin/app: cannot execute binary file: Exec format error',
  'Exception in thread "main" java.lang.UnsatisfiedLinkError: /tmp/libnetty.so: /tmp/libnetty.so: cannot open shared object file',
  '<jemalloc>: Unsupported system page size',
  "qemu-aarch64-static: Could not open '/lib/ld-linux-aarch64.so.1': No such file or directory",
  'qemu-aarch64: /usr/bin/app: Invalid ELF image for this architecture',
];

describe('a complaint of a loader is a failure', () => {
  test.each(complaints)('%s', (line) => {
    for (const context of [real, emulated])
      for (const end of [
        exit(127, `some words\n${line}\nmore`),
        exit(0, line),
        signal(6, line),
        outcome({ kind: 'timeout' }, line),
      ]) {
        const judged = judgeOutcome(end, context);
        expect(judged.result).toBe('failed');
        expect(judged.why).toContain(line.trim().slice(0, 300));
      }
  });

  test('only where loaders write it: standard error', () => {
    expect(judgeOutcome(exit(0, '', complaints[0]), real).result).toBe('passed');
  });

  test('the exit code is told', () => {
    expect(judgeOutcome(exit(127, complaints[0]), real)).toMatchObject({ exitCode: 127 });
    expect(judgeOutcome(signal(6, complaints[0]), real)).not.toHaveProperty('exitCode');
  });
});

describe('what the kernel refuses to start', () => {
  test.each([
    [2, 'failed', 'No such file or directory'],
    [8, 'failed', 'Exec format error'],
    [80, 'failed', 'loader'],
    [13, 'not-run', 'Permission denied'],
    [12, 'not-run', 'Cannot allocate memory'],
    [99, 'not-run', 'error 99'],
  ] as const)('error %i: %s', (errno, result, words) => {
    expect(judgeOutcome(outcome({ kind: 'refused', errno }), emulated)).toEqual({
      result,
      why: expect.stringContaining(words),
    });
  });
});

const crashTexts = [
  'Segmentation fault (core dumped)',
  'Illegal instruction',
  '# A fatal error has been detected by the Java Runtime Environment:',
  'fatal error: unexpected signal during runtime execution',
  'runtime: lfstack.push invalid packing: node=0xffff8c0a0000',
  'SIGSEGV: segmentation violation',
  'Failed to create CoreCLR, HRESULT: 0x80004005',
];

describe('a crash', () => {
  test.each([4, 5, 6, 7, 8, 11, 31])(
    'by signal %i is a failure on the machine itself, and unclear under emulation',
    (number) => {
      expect(judgeOutcome(signal(number), real).result).toBe('failed');
      expect(judgeOutcome(signal(number), emulated)).toMatchObject({
        result: 'emulator-fault',
        why: expect.stringContaining("may be the emulator's fault"),
      });
    },
  );

  test.each(crashTexts)('in words: %s', (line) => {
    expect(judgeOutcome(exit(2, line), real).result).toBe('failed');
    expect(judgeOutcome(exit(2, line), emulated).result).toBe('emulator-fault');
  });

  test.each([
    'qemu: uncaught target signal 11 (Segmentation fault) - core dumped',
    'qemu: uncaught target signal 6 (Aborted) - core dumped',
    'qemu-aarch64: Unable to find a guest_base to satisfy all guest address mapping requirements',
    'qemu-aarch64-static: Unable to reserve 0x7fff0000 bytes of virtual address space',
    'qemu: unhandled CPU exception 0x1 - aborting',
    'ERROR:../linux-user/qemu.c: QEMU internal SIGSEGV {code=MAPERR, addr=0x20}',
  ])('that the emulator tells of is unclear, even if it was a child and the exit code is 0: %s', (line) => {
    expect(judgeOutcome(exit(0, line), emulated).result).toBe('emulator-fault');
    expect(judgeOutcome(outcome({ kind: 'timeout' }, line), emulated).result).toBe('emulator-fault');
  });

  test.each([9, 15, 24, 25])('no: signal %i came from outside or from a limit', (number) => {
    for (const context of [real, emulated])
      expect(judgeOutcome(signal(number), context).result).toBe('not-run');
  });
});

describe("the emulator's remarks", () => {
  test('do not matter where all went well', () => {
    const remark = 'Unsupported syscall: 435';
    expect(judgeOutcome(exit(0, remark), emulated).result).toBe('passed');
    expect(judgeOutcome(outcome({ kind: 'timeout' }, remark), emulated).result).toBe('passed');
  });

  test.each([
    'Unsupported syscall: 435',
    'qemu-aarch64: Unsupported ioctl: cmd=0x5413',
    'qemu: foo unimplemented',
  ])('explain a bad end: %s', (remark) => {
    expect(judgeOutcome(exit(1, remark), emulated).result).toBe('emulator-fault');
    expect(judgeOutcome(exit(1, remark), { emulated: true, asked: true }).result).toBe('emulator-fault');
  });
});

describe('a program that ran', () => {
  test('passed with exit code 0, and while it was still running', () => {
    expect(judgeOutcome(exit(0, 'v1.2.3'), real)).toEqual({
      result: 'passed',
      exitCode: 0,
      why: expect.any(String),
    });
    expect(judgeOutcome({ ...outcome({ kind: 'timeout' }), seconds: 30.02 }, real)).toEqual({
      result: 'passed',
      why: 'it started and was still running after 30 s',
    });
  });

  test('passed though it refused its arguments in words of its own', () => {
    expect(judgeOutcome(exit(2, 'usage: app [-c FILE]'), emulated)).toMatchObject({
      result: 'passed',
      exitCode: 2,
    });
  });

  test('and said nothing tells nothing', () => {
    expect(judgeOutcome(exit(1), emulated)).toMatchObject({ result: 'not-run', exitCode: 1 });
  });

  test('failed if it was asked for and ended badly', () => {
    const asked = { ...real, asked: true };
    expect(judgeOutcome(exit(2, 'usage: app'), asked)).toMatchObject({ result: 'failed', exitCode: 2 });
    expect(judgeOutcome(exit(0), asked).result).toBe('passed');
  });

  test('is not judged where the means gave up', () => {
    expect(
      judgeOutcome(outcome({ kind: 'no-start', why: 'the engine is gone' }, complaints[0]), real),
    ).toEqual({
      result: 'not-run',
      why: 'the engine is gone',
    });
  });
});

test('no machine fault is ever called a failure of the image under emulation, whatever else is said', () => {
  const words = fc.array(
    fc.constantFrom('starting', 'usage: x', ...crashTexts, 'qemu: uncaught target signal 4'),
  );
  const ending = fc.oneof(
    fc.record({ kind: fc.constant('exit' as const), code: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ kind: fc.constant('signal' as const), signal: fc.integer({ min: 1, max: 64 }) }),
    fc.constant({ kind: 'timeout' as const }),
  );
  fc.assert(
    fc.property(words, ending, (lines, end) => {
      expect(judgeOutcome(outcome(end, lines.join('\n')), emulated).result).not.toBe('failed');
    }),
  );
});

test('a flood without line ends is judged in no time', () => {
  const started = performance.now();
  for (const unit of [
    'version `',
    "Could not open '",
    'Error relocating ',
    'qemu-',
    'exec format ',
    'fatal error: ',
  ])
    judgeOutcome(exit(1, unit.repeat(65_536 / unit.length)), emulated);
  expect(performance.now() - started).toBeLessThan(500);
});

import { expect, test } from 'vitest';
import { FakeSink } from '../../test/support/fake-io.ts';
import { createProgress } from './progress.ts';

const clear = '\r\u001b[K';

function started(options: { interactive: boolean; quiet?: boolean; verbose?: boolean; columns?: number }) {
  const stderr = new FakeSink({ isTTY: options.interactive, columns: options.columns ?? 120 });
  const clock = { milliseconds: 0 };
  const progress = createProgress({
    stderr,
    interactive: options.interactive,
    quiet: options.quiet ?? false,
    verbose: options.verbose ?? false,
    now: () => clock.milliseconds,
  });
  return { stderr, clock, ...progress };
}

test('a terminal sees one line, rewritten, with counts and quota, and gets it back at the end', () => {
  const { stderr, clock, sink, stop } = started({ interactive: true });
  sink({ type: 'phase', phase: 'images', total: 300 });
  clock.milliseconds += 200;
  sink({ type: 'quota', registry: 'docker.io', limit: 100, remaining: 61, windowSeconds: 21_600 });
  clock.milliseconds += 200;
  sink({ type: 'progress', done: 212, total: 300 });
  stop();
  expect(stderr.text.split(clear)).toEqual([
    '',
    'images 0 of 300',
    'images 0 of 300 · docker.io quota 61 of 100 left',
    'images 212 of 300 · docker.io quota 61 of 100 left',
    '',
  ]);
  expect(stderr.text).not.toContain('\n');
});

test('bytes are counted in the unit of their total, and go with their phase', () => {
  const { stderr, clock, sink } = started({ interactive: true });
  const events = [
    { type: 'phase', phase: 'reading layers' },
    { type: 'bytes', done: 119_600_000, total: 480_000_000 },
    { type: 'progress', done: 1, total: 3 },
    { type: 'phase', phase: 'judging' },
  ] as const;
  for (const event of events) {
    sink(event);
    clock.milliseconds += 200;
  }
  expect(stderr.text.split(clear)).toEqual([
    '',
    'reading layers',
    'reading layers 120 of 480 MB',
    'reading layers 1 of 3, 120 of 480 MB',
    'judging',
  ]);
});

test('a thousand events in a moment are drawn once', () => {
  const { stderr, sink } = started({ interactive: true });
  for (let done = 0; done <= 1000; done++) sink({ type: 'progress', done, total: 1000 });
  expect(stderr.text.split(clear)).toHaveLength(2);
});

test('a wait that a registry asks for shows at once, and goes when it is over', () => {
  const { stderr, clock, sink } = started({ interactive: true });
  sink({ type: 'progress', done: 1, total: 9 });
  sink({ type: 'throttled', registry: 'quay.io', seconds: 60 });
  expect(stderr.text).toMatch(/quay\.io asks to wait 60 s$/);
  clock.milliseconds += 61_000;
  sink({ type: 'progress', done: 2, total: 9 });
  expect(stderr.text.split(clear).at(-1)).toBe('2 of 9');
});

test('a warning stands on its own line above the progress', () => {
  const { stderr, sink } = started({ interactive: true });
  sink({ type: 'progress', done: 1, total: 9 });
  sink({ type: 'warning', message: 'the cache is read-only' });
  expect(stderr.text).toBe(`${clear}1 of 9${clear}armload: warning: the cache is read-only\n1 of 9`);
});

test('the line is never as wide as the terminal, or it would wrap and stay', () => {
  const { stderr, sink } = started({ interactive: true, columns: 20 });
  sink({ type: 'phase', phase: 'a phase with a very long name indeed' });
  expect(stderr.text.slice(clear.length)).toHaveLength(19);
});

test('a log gets no control sequences, and a line only now and then', () => {
  const { stderr, clock, sink, stop } = started({ interactive: false });
  for (let done = 0; done <= 100; done++) {
    clock.milliseconds += 1000;
    sink({ type: 'progress', done, total: 100 });
  }
  stop();
  expect(stderr.text).toBe('armload: 29 of 100\narmload: 59 of 100\narmload: 89 of 100\n');
});

test('quiet is quiet, verbose tells what is going on, and secrets stay secret', () => {
  const events = [
    { type: 'debug', message: 'GET https://user:hunter2@quay.io/v2/' },
    { type: 'warning', message: 'w\u001b[2J' },
  ] as const;
  const texts = [{ quiet: true }, {}, { verbose: true }].map((options) => {
    const { stderr, sink } = started({ interactive: false, ...options });
    for (const event of events) sink(event);
    return stderr.text;
  });
  expect(texts).toEqual([
    '',
    'armload: warning: w\n',
    'armload: GET https://[redacted]@quay.io/v2/\narmload: warning: w\n',
  ]);
});

import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { AbortWatch } from './abort-watch.ts';
import { BoundedMemory } from './bounded-memory.ts';
import { SharedFlights } from './shared-flights.ts';

test('a question under way is shared, a finished one is asked anew', async () => {
  const flights = new SharedFlights<number>();
  let asked = 0;
  const ask = async (): Promise<number> => ++asked;
  expect(await Promise.all([flights.run('a', ask), flights.run('a', ask), flights.run('b', ask)])).toEqual([
    1, 1, 2,
  ]);
  expect(await flights.run('a', ask)).toBe(3);
});

test('a failure reaches every asker, and is not kept', async () => {
  const flights = new SharedFlights<number>();
  const fail = async (): Promise<number> => Promise.reject(new Error('no'));
  const outcomes = await Promise.allSettled([flights.run('a', fail), flights.run('a', fail)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await flights.run('a', async () => 1)).toBe(1);
});

test('work that everyone has left is aborted, and whoever comes then starts afresh', async () => {
  const flights = new SharedFlights<string>();
  const signals: AbortSignal[] = [];
  const never = (signal: AbortSignal): Promise<string> => {
    signals.push(signal);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  };
  const one = new AbortController();
  const two = new AbortController();
  const leaving = [flights.run('a', never, one.signal), flights.run('a', never, two.signal)];
  one.abort();
  await expect(leaving[0]).rejects.toMatchObject({ name: 'AbortError' });
  expect(signals.map((signal) => signal.aborted)).toEqual([false]);
  two.abort();
  await expect(leaving[1]).rejects.toMatchObject({ name: 'AbortError' });
  expect(signals.map((signal) => signal.aborted)).toEqual([true]);
  expect(await flights.run('a', async () => 'fresh')).toBe('fresh');
  await expect(flights.run('a', never, one.signal)).rejects.toMatchObject({ name: 'AbortError' });
  expect(signals).toHaveLength(1);
});

test('a finished piece of work is not aborted afterwards', async () => {
  let seen: AbortSignal | undefined;
  await new SharedFlights<number>().run('a', async (signal) => {
    seen = signal;
    return 1;
  });
  expect(seen?.aborted).toBe(false);
});

test('hundreds may wait with one signal: it gets one listener, and none is left', async () => {
  const caller = new AbortController();
  const watch = new AbortWatch();
  const flights = [new SharedFlights<number>(watch), new SharedFlights<number>(watch)];
  const waiting = flights.flatMap((some, at) =>
    Array.from({ length: 300 }, (_, key) => some.run(`${key}`, async () => at, caller.signal)),
  );
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1);
  await Promise.all(waiting);
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
  const stuck = new SharedFlights<number>(watch);
  const never = Array.from({ length: 300 }, (_, key) =>
    stuck.run(`${key}`, () => new Promise<number>(() => undefined), caller.signal),
  );
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1);
  caller.abort(new Error('enough'));
  const outcomes = await Promise.allSettled(never);
  expect(new Set(outcomes.map((one) => (one.status === 'rejected' ? one.reason.message : '')))).toEqual(
    new Set(['enough']),
  );
});

test('memory keeps what was used last, within its bound', () => {
  const memory = new BoundedMemory(10);
  const set = (key: string, size: number) => memory.set(key, { bytes: Buffer.alloc(size), mediaType: '' });
  const sizes = (...keys: string[]) => keys.map((key) => memory.get(key)?.bytes.length);
  set('a', 4);
  set('b', 4);
  memory.get('a');
  set('c', 4);
  expect(sizes('a', 'b', 'c')).toEqual([4, undefined, 4]);
  set('d', 11);
  expect(sizes('a', 'c', 'd')).toEqual([undefined, undefined, undefined]);
  set('a', 8);
  set('a', 2);
  set('b', 8);
  expect(sizes('a', 'b')).toEqual([2, 8]);
});

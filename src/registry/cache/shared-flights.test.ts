import { expect, test } from 'vitest';
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

test('memory keeps what was used last, within its bound', () => {
  const memory = new BoundedMemory(10);
  memory.set('a', Buffer.alloc(4));
  memory.set('b', Buffer.alloc(4));
  memory.get('a');
  memory.set('c', Buffer.alloc(4));
  expect(['a', 'b', 'c'].map((key) => memory.get(key)?.length)).toEqual([4, undefined, 4]);
  memory.set('d', Buffer.alloc(11));
  expect(['a', 'c', 'd'].map((key) => memory.get(key))).toEqual([undefined, undefined, undefined]);
  memory.set('a', Buffer.alloc(8));
  memory.set('a', Buffer.alloc(2));
  memory.set('b', Buffer.alloc(8));
  expect(['a', 'b'].map((key) => memory.get(key)?.length)).toEqual([2, 8]);
});

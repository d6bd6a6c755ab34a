import { expect, test } from 'vitest';
import { HostGate } from './gate.ts';
import { JumpingClock } from './scripted-server.test-support.ts';

test('it halves when throttled, once a burst, and recovers step by step', () => {
  const clock = new JumpingClock();
  const gate = new HostGate(clock, 8);
  const burst = clock.now();
  clock.time += 10;
  for (let at = 0; at < 5; at += 1) gate.throttled(burst + (at === 0 ? 10 : 0), 1000);
  expect(gate.limit).toBe(4);
  clock.time += 2000;
  gate.throttled(clock.now(), 1000);
  expect(gate.limit).toBe(2);
  const steps: number[] = [];
  for (let good = 0; good < 27; good += 1) {
    gate.succeeded();
    steps.push(gate.limit);
  }
  expect(steps.slice(0, 5)).toEqual([2, 3, 3, 3, 4]);
  expect(steps.at(-1)).toBe(8);
});

test('it never goes below one', () => {
  const clock = new JumpingClock();
  const gate = new HostGate(clock, 8);
  for (let at = 0; at < 10; at += 1) {
    clock.time += 10_000;
    gate.throttled(clock.now(), 10);
  }
  expect(gate.limit).toBe(1);
});

test('a pause keeps everybody out, and one beyond the patience is told at once', async () => {
  const clock = new JumpingClock();
  const gate = new HostGate(clock, 2);
  gate.throttled(clock.now(), 5000);
  expect(gate.tryEnter()).toBe(false);
  expect(await gate.enter(4000)).toEqual({ tooLong: true, pause: 5000 });
  expect(await gate.enter(5000)).toBe(5000);
  expect(gate.tryEnter()).toBe(false);
  gate.leave();
  expect(gate.tryEnter()).toBe(true);
});

test('a pause is an hour at most', () => {
  const gate = new HostGate(new JumpingClock(), 2);
  expect(gate.throttled(Date.now(), Number.MAX_SAFE_INTEGER)).toBe(3_600_000);
});

test('the queue is first come, first served', async () => {
  const gate = new HostGate(new JumpingClock(), 1);
  const order: number[] = [];
  expect(gate.tryEnter()).toBe(true);
  const waiting = [1, 2, 3].map(async (number) => {
    await gate.enter(0);
    order.push(number);
    gate.leave();
  });
  gate.leave();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
});

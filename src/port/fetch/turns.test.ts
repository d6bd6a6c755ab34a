import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

function door(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test('the same key goes one after the other, in order, and another at once', async () => {
  const turns = new Turns();
  const said: string[] = [];
  const first = door();
  const all = [
    turns.take('a', async () => {
      await first.opened;
      said.push('a1');
    }),
    turns.take('a', async () => void said.push('a2')),
    turns.take('b', async () => void said.push('b1')),
  ];
  await all[2];
  expect(said).toEqual(['b1']);
  first.open();
  await Promise.all(all);
  expect(said).toEqual(['b1', 'a1', 'a2']);
});

test('one that fails lets the next one in', async () => {
  const turns = new Turns();
  const failing = turns.take('a', () => Promise.reject(new Error('no')));
  const next = turns.take('a', () => Promise.resolve('yes'));
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

test('one that gives up waiting lets nobody past who was before it', async () => {
  const turns = new Turns();
  const first = door();
  const said: string[] = [];
  const holder = turns.take('a', async () => {
    await first.opened;
    said.push('first');
  });
  const impatient = new AbortController();
  const waiting = turns.take('a', async () => void said.push('never'), impatient.signal);
  const last = turns.take('a', async () => void said.push('last'));
  impatient.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(said).toEqual([]);
  first.open();
  await Promise.all([holder, last]);
  expect(said).toEqual(['first', 'last']);
});

import { expect, test } from 'vitest';
import { type TextSink, writeText } from './io.ts';

function failingWith(code: string): TextSink {
  return {
    write: (_text, done) => {
      done?.(Object.assign(new Error(code), { code }));
      return false;
    },
  };
}

test('a reader that went away is no error', async () => {
  await expect(writeText(failingWith('EPIPE'), 'x')).resolves.toBeUndefined();
});

test('a full disk is one', async () => {
  await expect(writeText(failingWith('ENOSPC'), 'x')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
});

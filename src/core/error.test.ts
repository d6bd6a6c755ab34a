import { expect, test } from 'vitest';
import { ArmloadError, isAbort, messageOf, UsageError } from './error.ts';

test('message and hint lose their secrets whoever throws', () => {
  const error = new ArmloadError('TEST', 'GET https://u:secret@host/v2/ failed', {
    hint: 'log in again: authorization: Bearer secret',
  });
  expect(error.message).toBe('GET https://[redacted]@host/v2/ failed');
  expect(error.hint).not.toContain('secret');
});

test('the name is the class, the code is the contract, the cause is kept', () => {
  const cause = new Error('underneath');
  const error = new UsageError('CONFIG', 'the configuration is wrong', { cause, facts: { file: 'a.yaml' } });
  expect(error).toBeInstanceOf(ArmloadError);
  expect(error).toMatchObject({ name: 'UsageError', code: 'CONFIG', cause, facts: { file: 'a.yaml' } });
  expect(Object.hasOwn(new UsageError('CONFIG', 'x'), 'cause')).toBe(false);
});

test('anything thrown has a message without secrets', () => {
  expect(messageOf('https://u:secret@host/')).toBe('https://[redacted]@host/');
  expect(messageOf(new Error('plain'))).toBe('plain');
  expect(messageOf(undefined)).toBe('undefined');
});

test('an abort is told from other errors', () => {
  const controller = new AbortController();
  controller.abort();
  expect(isAbort(controller.signal.reason)).toBe(true);
  expect(isAbort(new Error('AbortError'))).toBe(false);
  expect(isAbort('AbortError')).toBe(false);
});

import { expect, test } from 'vitest';
import { readCommand, readProgram, readWords } from './command-words.ts';

test('words come one by one, as a JSON array, or both, and none is split', () => {
  expect(readWords(['--port', '80'], '--args')).toEqual(['--port', '80']);
  expect(readWords(['["-c", "exec server"]'], '--args')).toEqual(['-c', 'exec server']);
  expect(readWords(['exec server', ' ["a"]'], '--args')).toEqual(['exec server', 'a']);
  expect(readProgram(['/bin/sh', '-c', 'exec server'], '--command')).toEqual([
    '/bin/sh',
    '-c',
    'exec server',
  ]);
});

test('an empty list is none, as for Kubernetes', () => {
  expect(readWords(['[]'], '--args')).toBeUndefined();
  expect(readProgram(['[]'], '--command')).toBeUndefined();
});

test('a command line where a program is due is a mistake that would end in a wrong verdict', () => {
  expect(() => readProgram(['nginx -g x'], '--command')).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: '--command "nginx -g x" is one word with spaces in it, not several words',
      hint: expect.stringContaining(`--command '["nginx","-g","x"]'`),
    }),
  );
});

test.each(['[', '[1]', '["a", null]', '["a"] b', `[${'"a",'.repeat(2000)}"a"]`])(
  'what begins like an array has to be one of words: %.20s',
  (text) => {
    expect(() => readWords([text], '--args')).toThrow('is not a JSON array of words');
    expect(() => readCommand(text, '--run-command')).toThrow('is not a JSON array of words');
  },
);

test('a whole command is words with spaces between, or a JSON array, or a list of the configuration', () => {
  expect(readCommand('nginx  -v', '--run-command')).toEqual(['nginx', '-v']);
  expect(readCommand('["sh", "-c", "a b"]', '--run-command')).toEqual(['sh', '-c', 'a b']);
  expect(readCommand(['sh', '-c', 'a "b"'], 'armload.yaml: audit.run.commands')).toEqual([
    'sh',
    '-c',
    'a "b"',
  ]);
});

test.each(['sh -c "a b"', "sh -c 'a'", 'a\\ b'])(
  'quotes are refused, because no shell reads them: %s',
  (text) => {
    expect(() => readCommand(text, '--run-command')).toThrow('holds quotes');
  },
);

test.each(['', '  ', '[]', '[""]'])('a command without a program is none: "%s"', (text) => {
  expect(() => readCommand(text, '--run-command')).toThrow('names no program');
});

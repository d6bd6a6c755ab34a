import { expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { commands } from './commands.ts';
import { run } from './run.ts';

async function outcome(...args: readonly string[]) {
  const io = fakeIo();
  const code = await run(args, io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

test('help goes to stdout and lists every command', async () => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { code, stdout, stderr } = await outcome(...args);
    expect([code, stderr]).toEqual([0, '']);
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^  ${name}.*${summary}$`, 'm'));
  }
});

test('without a command the overview goes to stderr, and the code is 3', async () => {
  const { code, stdout, stderr } = await outcome();
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toContain('Usage: armload COMMAND');
});

test.each(commands.map(({ name }) => name))('%s --help shows options and an example', async (name) => {
  for (const args of [
    [name, '--help'],
    ['help', name],
  ]) {
    const { code, stdout, stderr } = await outcome(...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: armload ${name}`);
    expect(stdout).toContain('--verbose');
    expect(stdout).toMatch(new RegExp(`Examples:\n  armload ${name}`));
  }
});

test.each([
  ['an unknown command', ['sacn'], 'there is no command "sacn"', 'Did you mean "scan"?'],
  ['an image without a command', ['nginx:1.27'], 'there is no command', 'armload scan nginx:1.27'],
  ['an option before the command', ['--format', 'json'], 'before the command', 'armload scan --format'],
  ['an unknown option', ['scan', '--fromat', 'json'], "unknown option '--fromat'", 'Did you mean --format?'],
  ['an option without its value', ['scan', '--output'], 'argument missing', 'armload scan --help'],
  ['a missing operand', ['registry'], "missing required argument 'dir'", 'armload registry --help'],
  ['too many operands', ['demo', 'now'], 'too many arguments', 'armload demo --help'],
  ['options that contradict', ['scan', '-q', '-v'], 'cannot be used with', 'armload scan --help'],
  ['an audit of nothing', ['audit'], 'no image to audit was named', 'armload audit nginx:1.27'],
  ['no reference', ['audit', 'NGINX'], 'is not an image reference', ''],
  [
    'platforms all and one',
    ['audit', 'a', '-p', 'linux/arm64', '--all-platforms'],
    'cannot be used with',
    'armload audit --help',
  ],
  [
    'a word of --deep that is none',
    ['scan', '--deep=al'],
    'not a set of images to read',
    'Did you mean "all"?',
  ],
  ['a bad address', ['registry', '.', '--listen', 'nowhere'], 'not an address', '127.0.0.1:5000'],
])(
  'field 23: %s is told in one sentence with a way out, and gives 3',
  async (_name, args, sentence, hint) => {
    const { code, stdout, stderr } = await outcome(...args);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr.split('\n').length).toBeLessThanOrEqual(args.includes('-v') ? 4 : 3);
    expect(stderr).toMatch(/^armload: /);
    expect(stderr.split('\n')[0]).toContain(sentence);
    expect(stderr.split('\n')[1]).toContain(hint);
  },
);

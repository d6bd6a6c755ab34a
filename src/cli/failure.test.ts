import { expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { ArmloadError, UsageError } from '../core/index.ts';
import { DocumentError } from '../document/index.ts';
import { reportFailure } from './failure.ts';

async function told(thrown: unknown, options: { verbose?: boolean; aborted?: boolean } = {}) {
  const io = fakeIo();
  if (options.aborted) io.abort.abort();
  const code = await reportFailure(thrown, { io, verbose: options.verbose ?? false });
  expect(io.stdout.text).toBe('');
  return { code, text: io.stderr.text };
}

const cause = new Error('connect ECONNREFUSED 127.0.0.1:1', {
  cause: new Error('sent Authorization: Basic aHVudGVyMg=='),
});

test('field 23: wrong usage is 3, with sentence and hint', async () => {
  expect(await told(new UsageError('USAGE', 'no such thing', { hint: 'Try another.' }))).toEqual({
    code: 3,
    text: 'armload: no such thing\n  Try another.\n',
  });
});

test("what is wrong in a document of the person's own is wrong usage, each problem on its line", async () => {
  const problems = [
    { line: 2, member: 'nam', message: '"nam" is unknown' },
    { line: 5, member: 'steps.a', message: 'it needs itself' },
  ];
  expect(await told(new DocumentError('DOCUMENT_INVALID', 'recipe.yaml', { problems }))).toEqual({
    code: 3,
    text: 'armload: recipe.yaml:2: "nam" is unknown\n  recipe.yaml:5: it needs itself\n',
  });
});

test('field 23: a failure on purpose that is not about usage is "could not be determined"', async () => {
  expect(await told(new ArmloadError('ANY', 'quay.io did not answer', { cause }))).toEqual({
    code: 2,
    text: 'armload: quay.io did not answer\n',
  });
});

test('verbose shows the code and the causes, without secrets', async () => {
  const { text } = await told(new ArmloadError('ANY', 'quay.io did not answer', { cause }), {
    verbose: true,
  });
  expect(text).toBe(
    [
      'armload: quay.io did not answer',
      '  code: ANY',
      '  caused by: connect ECONNREFUSED 127.0.0.1:1',
      '  caused by: sent Authorization: [redacted]',
      '',
    ].join('\n'),
  );
});

test('what an AggregateError gathers is shown, and a ring of causes ends', async () => {
  const ring = new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')], 'no address');
  ring.cause = ring;
  const { text } = await told(new ArmloadError('ANY', 'no answer', { cause: ring }), { verbose: true });
  expect(text.split('\n').length).toBeLessThan(15);
});

test('an unforeseen exception is called a bug, is not 1, and shows its stack only when asked', async () => {
  const bug = new TypeError('x is not a function');
  const short = await told(bug);
  expect(short.code).toBe(2);
  expect(short.text).toMatch(/^armload: this is a bug in armload: x is not a function\n/);
  expect(short.text).not.toContain('failure.test.ts');
  expect((await told(bug, { verbose: true })).text).toContain('failure.test.ts');
});

test('an interruption is 130 whatever error it came out as, and says that there is no result', async () => {
  for (const thrown of [new DOMException('aborted', 'AbortError'), new Error('socket closed')]) {
    expect(await told(thrown, { aborted: true })).toEqual({
      code: 130,
      text: 'armload: interrupted; no result was written\n',
    });
  }
});

test('hostile text in a message cannot drive the terminal', async () => {
  const { text } = await told(new ArmloadError('ANY', 'said \u001b[2J\u202e\nexit 0', { hint: '\u0007x' }));
  expect(text).toBe('armload: said \ufffd exit 0\n  \ufffdx\n');
});

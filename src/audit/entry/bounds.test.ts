import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { look, lookAt, program, script } from './entry.test-support.ts';
import { limits } from './limits.ts';

async function within(milliseconds: number, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  expect(performance.now() - start).toBeLessThan(milliseconds);
}

describe('bounds', () => {
  it('ends a chain of wrappers', async () => {
    const words = Array<string>(10_000).fill('env');
    const { traces } = await look({ Entrypoint: words });
    expect(traces[0]?.end.kind).toBe('unknown');
    expect(traces[0]?.steps.length).toBeLessThanOrEqual(limits.steps);
  });

  it('ends options without an end', async () => {
    const { traces } = await look({ Entrypoint: ['env', ...Array<string>(10_000).fill('-v'), 'server'] });
    expect(traces[0]?.end.kind).toBe('unknown');
  });

  it('reads no text of a megabyte, and its shell stays', async () => {
    const { lines } = await look({ Cmd: ['sh', '-c', 'server;'.repeat(150_000)] });
    expect(lines).toEqual(['command: /usr/bin/dash = unknown']);
  });

  it('follows 32 commands of a text, and 64 of texts in texts', async () => {
    const { lines } = await look({ Cmd: ['sh', '-c', 'server;'.repeat(100)] });
    expect(lines).toHaveLength(33);
    expect(lines.at(-1)).toBe('command: /usr/bin/dash = unknown');
    const inner = `sh -c "${'server;'.repeat(32)}";`;
    const nested = await look({ Cmd: ['sh', '-c', inner.repeat(32)] });
    expect(nested.lines.length).toBeLessThanOrEqual(limits.traces + 2);
  });

  it('ends a text that starts itself', async () => {
    const { traces } = await look({ Cmd: ['/s'] }, { files: [script('s', '#!/bin/sh -c')] });
    expect(traces).toHaveLength(1);
    expect(traces[0]?.steps.length).toBeLessThanOrEqual(limits.steps);
  });

  it('searches 1,000 directories of a PATH, once', async () => {
    const path = Array.from({ length: 10_000 }, (_, index) => `/d${index}`);
    const files = [program('d10/early'), program('d9999/late')];
    const { subject } = await look({ Cmd: ['early'], Env: [`PATH=${path.join(':')}`] }, { files });
    expect(lookAt(subject).lines).toEqual(['command: /d10/early = machine-code']);
    const text = { ...subject, override: { command: ['/bin/sh', '-c', 'late;'.repeat(32)] } };
    await within(1_000, async () => {
      expect(lookAt(text).lines[0]).toBe('entrypoint: /usr/bin/dash > (late) = unknown');
    });
  });

  it.each([
    ['quotes', '"'.repeat(60_000)],
    ['open substitutions', '$('.repeat(30_000)],
    ['closed substitutions', 'a$(b)'.repeat(13_000)],
    ['backslashes', '\\'.repeat(60_000)],
    ['line ends', '\n'.repeat(60_000)],
    ['variables', '$A'.repeat(30_000)],
    ['digits', '1'.repeat(60_000)],
    ['redirections', '>'.repeat(60_000)],
  ])('reads a text of %s in short time', async (_, text) => {
    const { subject } = await look({ Cmd: ['sh', '-c', text] });
    await within(1_000, async () => lookAt(subject));
  });
});

describe('whatever an image says', () => {
  const pieces = [
    'server',
    'sh',
    '-c',
    'env',
    'tini',
    '--',
    '-S',
    '/bin/sh',
    '/s',
    'A=1',
    'exec',
    '&&',
    ';',
    '|',
    '||',
  ];
  const text = fc
    .array(
      fc.constantFrom(
        ...pieces,
        '"',
        "'",
        '$',
        '$(',
        ')',
        '`',
        '\\',
        '\n',
        '$A',
        `\${A}`,
        '>',
        '<<',
        ' ',
        '(',
        '{',
        'if',
      ),
    )
    .map((parts) => parts.join(' '));
  const word = fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary' }), text);

  it('tracing never throws, each chain is bounded, and a machine-code end has its file', async () => {
    const { subject } = await look({}, { files: [script('s', '#!/usr/bin/env sh')] });
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 8 }),
        fc.array(word, { maxLength: 4 }),
        fc.string({ unit: 'binary' }),
        fc.option(fc.array(word, { maxLength: 3 }), { nil: undefined }),
        (entrypoint, command, path, override) => {
          const seen = lookAt({
            ...subject,
            run: {
              ...subject.run,
              entrypoint,
              command,
              environment: new Map([['PATH', `${path}:/usr/bin`]]),
            },
            override: override === undefined ? {} : { command: override },
          });
          for (const { steps, end } of seen.traces) {
            expect(steps.length).toBeLessThanOrEqual(limits.steps);
            if (end.kind === 'machine-code') expect(steps.at(-1)?.file).toBeDefined();
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { executable, file, symlink } from '../../fixture/index.ts';
import { amd64, look, program, script } from './entry.test-support.ts';

describe('what a container starts', () => {
  it('is the entrypoint, with the command as its arguments', async () => {
    const { lines, traces, findings } = await look({
      Entrypoint: ['/usr/bin/server'],
      Cmd: ['gosu', '--port'],
    });
    expect(lines).toEqual(['entrypoint: /usr/bin/server = machine-code']);
    expect(traces[0]?.words).toEqual(['/usr/bin/server', 'gosu', '--port']);
    expect(findings).toEqual([]);
  });

  it('is the command where there is no entrypoint', async () => {
    expect((await look({ Cmd: ['server'] })).lines).toEqual(['command: /usr/bin/server = machine-code']);
    expect((await look({ Entrypoint: [''], Cmd: ['server'] })).lines).toEqual([
      'command: /usr/bin/server = machine-code',
    ]);
  });

  it('is nothing where neither is set, which is a note', async () => {
    const { lines, findings } = await look({});
    expect(lines).toEqual([]);
    expect(findings).toEqual(['note starts-nothing neither an entrypoint nor a command']);
  });

  it('is, of an entrypoint that is a script, likely the command too', async () => {
    const { lines, results } = await look(
      { Entrypoint: ['/entry.sh'], Cmd: ['server', '-f'] },
      { files: [script('entry.sh', '#!/bin/sh')] },
    );
    expect(lines).toEqual([
      'entrypoint: /entry.sh > /usr/bin/dash = machine-code',
      'command?: /usr/bin/server = machine-code',
    ]);
    expect(results.map(({ words }) => words)).toEqual([
      ['/entry.sh', 'server', '-f'],
      ['server', '-f'],
    ]);
  });

  it.each([
    ['an option', ['--help']],
    ['an assignment', ['a=b']],
    ['empty', ['']],
  ])('leaves a command that is %s to the script', async (_, Cmd) => {
    const { lines } = await look(
      { Entrypoint: ['/entry.sh'], Cmd },
      { files: [script('entry.sh', '#!/bin/sh')] },
    );
    expect(lines).toHaveLength(1);
  });

  it('finds nothing wrong with a word that a script may take otherwise', async () => {
    const { lines, findings, results } = await look(
      { Entrypoint: ['/entry.sh'], Cmd: ['migrate'] },
      { files: [script('entry.sh', '#!/bin/sh')] },
    );
    expect(lines[1]).toBe('command?: (migrate) = not-found');
    expect(findings).toEqual([]);
    expect(results[1]?.ok).toBeUndefined();
  });

  it('follows a command that a shell reads a script for', async () => {
    const { lines } = await look(
      { Entrypoint: ['/bin/sh', '/entry.sh'], Cmd: ['server'] },
      { files: [file('entry.sh', 'exec "$@"')] },
    );
    expect(lines).toEqual([
      'entrypoint: /usr/bin/dash = machine-code',
      'command?: /usr/bin/server = machine-code',
    ]);
  });

  it('leaves the command aside where a text for a shell ignores it', async () => {
    const { lines } = await look({ Entrypoint: ['/bin/sh', '-c', 'exec server'], Cmd: ['gosu'] });
    expect(lines).toEqual(['entrypoint: /usr/bin/dash > /usr/bin/server = machine-code']);
  });
});

describe('a pod', () => {
  const config = { Entrypoint: ['/entry.sh'], Cmd: ['server'] };
  const files = [script('entry.sh', '#!/bin/sh')];

  it('replaces the entrypoint and drops the command of the image with its command', async () => {
    const { lines } = await look(config, { files, override: { command: ['/usr/sbin/tini', 'gosu'] } });
    expect(lines).toEqual(['entrypoint: /usr/sbin/tini > /usr/bin/gosu = machine-code']);
  });

  it('replaces the command with its args', async () => {
    const { lines } = await look(config, { files, override: { args: ['tini'] } });
    expect(lines).toEqual([
      'entrypoint: /entry.sh > /usr/bin/dash = machine-code',
      'command?: /usr/sbin/tini = machine-code',
    ]);
  });

  it('says nothing with empty lists', async () => {
    const { lines } = await look(config, { files, override: { command: [], args: [] } });
    expect(lines[1]).toBe('command?: /usr/bin/server = machine-code');
  });

  it('may mount a script that the image lacks, but hardly a program of the PATH', async () => {
    const mounted = await look(config, { files, override: { command: ['/scripts/run.sh'] } });
    expect(mounted.findings).toEqual([
      'warning entry-not-found "/scripts/run.sh" does not exist; the pod may mount it',
    ]);
    expect(mounted.results[0]?.ok).toBeUndefined();
    const missing = await look(config, { files, override: { command: ['bash', '-c', 'true'] } });
    expect(missing.findings[0]).toMatch(/^error entry-not-found "bash" is in no directory/);
  });

  it('has an environment of its own that words may take from', async () => {
    const { lines } = await look(config, { files, override: { command: ['$(HOME)/run'] } });
    expect(lines).toEqual(['entrypoint:  = unknown']);
    const escaped = await look(config, { files: [program('a$b')], override: { command: ['/a$$b'] } });
    expect(escaped.lines).toEqual(['entrypoint: /a$b = machine-code']);
  });
});

describe('a health check', () => {
  it('is followed like a command, and a miss is a warning', async () => {
    const { lines, findings } = await look({
      Cmd: ['server'],
      Healthcheck: { Test: ['CMD-SHELL', 'curl -f http://localhost:$(cat /port)/ || exit 1'] },
    });
    expect(lines[1]).toBe('healthcheck: /usr/bin/dash > (curl) = not-found');
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^warning entry-not-found "curl" is in no directory of the PATH/);
  });

  it('takes words as they are without a shell', async () => {
    const { lines } = await look({ Cmd: ['server'], Healthcheck: { Test: ['CMD', 'server', '--ping'] } });
    expect(lines[1]).toBe('healthcheck: /usr/bin/server = machine-code');
  });

  it('uses the shell of the image', async () => {
    const { lines } = await look(
      { Shell: ['/bin/bash', '-o', 'pipefail', '-c'], Healthcheck: { Test: ['CMD-SHELL', 'server'] } },
      { files: [program('usr/bin/bash')] },
    );
    expect(lines).toEqual(['healthcheck: /usr/bin/bash > /usr/bin/server = machine-code']);
  });
});

describe('the results', () => {
  it('name the machine code that a chain ends in', async () => {
    const { results } = await look(
      { Entrypoint: ['/entry.sh'], Healthcheck: { Test: ['CMD', '/old'] } },
      { files: [script('entry.sh', '#!/usr/bin/env sh'), executable('old', amd64)] },
    );
    expect(results).toEqual([
      {
        role: 'entrypoint',
        words: ['/entry.sh'],
        chain: ['/entry.sh', '/usr/bin/env', '/usr/bin/dash'],
        ends: 'linux/arm64 ELF program',
        ok: true,
      },
      {
        role: 'healthcheck',
        words: ['/old'],
        chain: ['/old'],
        ends: 'linux/amd64 ELF program',
        ok: false,
      },
    ]);
  });

  it('are bad where a wrapper on the way is foreign, and foreign code is no finding here', async () => {
    const { results, findings } = await look(
      { Entrypoint: ['/init/tini', '--', 'server'] },
      { files: [executable('init/tini', amd64)] },
    );
    expect(results[0]).toMatchObject({ ends: 'linux/amd64 ELF program', ok: false });
    expect(findings).toEqual([]);
  });

  it('say why a chain ends otherwise', async () => {
    const { results } = await look({ Cmd: ['/app'] });
    expect(results[0]).toMatchObject({ chain: [], ends: 'not found: "/app" does not exist', ok: false });
  });

  it('show no more than 4 KiB of a command', async () => {
    const { results } = await look({ Cmd: ['server', ...Array<string>(10_000).fill('word')] });
    expect(results[0]?.words.join(' ').length).toBeLessThan(4_200);
  });
});

describe('findings', () => {
  it('name the path, and the layer that has what is wrong', async () => {
    const { subject, traces } = await look(
      { Entrypoint: ['/a'], Healthcheck: { Test: ['CMD', '/b'] } },
      { files: [script('a', '#!/bin/perl'), symlink('b', 'c')] },
    );
    const { entryFindings } = await import('./index.ts');
    expect(entryFindings(subject, traces)).toMatchObject([
      { kind: 'entry-interpreter-not-found', role: 'entrypoint', path: '/a', layer: { index: 0 } },
      { kind: 'entry-not-found', role: 'healthcheck', path: '/b' },
    ]);
  });
});

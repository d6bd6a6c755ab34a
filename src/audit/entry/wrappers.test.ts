import { describe, expect, it } from 'vitest';
import { look, program, script } from './entry.test-support.ts';

const tools = [
  'dumb-init',
  'catatonit',
  'su-exec',
  'setpriv',
  'nice',
  'nohup',
  'sudo',
  'busybox',
  's6-setuidgid',
];
const files = tools.map((name) => program(`usr/bin/${name}`));

async function chain(...words: string[]): Promise<string> {
  const { lines } = await look({ Entrypoint: words }, { files });
  return lines.join('\n').replace('entrypoint: ', '');
}

describe('a wrapper', () => {
  it.each([
    ['tini -- server'],
    ['tini -s -g -e 143 -p SIGTERM -vvv -- server --flag'],
    ['/sbin/../usr/sbin/tini -g server'],
    ['dumb-init --rewrite 15:3 -v server'],
    ['dumb-init --rewrite=15:3 -- server'],
    ['catatonit -g -- server'],
    ['gosu nobody server'],
    ['su-exec 1000:1000 server'],
    ['s6-setuidgid app server'],
    ['setpriv --reuid=1000 --clear-groups --inh-caps -all -- server'],
    ['nice -n 5 server'],
    ['nice -10 server'],
    ['nohup server'],
    ['timeout -k 5 --signal=TERM 30s server'],
    ['env A=1 server'],
    ['env -u A -- B=2 server'],
    ['env -C / ./usr/bin/server'],
    ['env PATH=/usr/bin server'],
    ['busybox env server'],
  ])('hands on behind its options: %s', async (line) => {
    expect(await chain(...line.split(' '))).toMatch(/ > \/usr\/bin\/server = machine-code$/);
  });

  it.each([
    ['tini --unknown server'],
    ['setpriv --reset-env server'],
    ['nice --adjust 5 server'],
    ['env -i server'],
    ['env -u PATH server'],
    ['env -S server'],
    ['sudo -E server'],
  ])('is not guessed at: %s', async (line) => {
    expect(await chain(...line.split(' '))).toMatch(/^\/usr\/s?bin\/.* = unknown$/);
  });

  it('is the end where it has nothing to start', async () => {
    expect(await chain('env')).toBe('/usr/bin/env = machine-code');
    expect(await chain('timeout', '5')).toBe('/usr/bin/timeout = machine-code');
  });

  it('takes the program from the command', async () => {
    const { lines } = await look({ Entrypoint: ['tini', '--'], Cmd: ['gosu', 'app', 'server'] });
    expect(lines).toEqual(['entrypoint: /usr/sbin/tini > /usr/bin/gosu > /usr/bin/server = machine-code']);
  });

  it('may start a script that starts the command', async () => {
    const { lines } = await look(
      { Entrypoint: ['tini', '--', '/entry.sh'], Cmd: ['server'] },
      { files: [script('entry.sh', '#!/bin/sh')] },
    );
    expect(lines).toEqual([
      'entrypoint: /usr/sbin/tini > /entry.sh > /usr/bin/dash = machine-code',
      'command?: /usr/bin/server = machine-code',
    ]);
  });

  it('is kept, with the command as a guess, where its options are not understood', async () => {
    const { lines, findings } = await look({ Entrypoint: ['tini', '--new-option'], Cmd: ['server'] });
    expect(lines).toEqual([
      'entrypoint: /usr/sbin/tini = unknown',
      'command?: /usr/bin/server = machine-code',
    ]);
    expect(findings[0]).toMatch(
      /^note entry-unknown what "tini" starts depends on its option "--new-option"/,
    );
  });

  it('is an error where what it starts is missing', async () => {
    const { findings } = await look({ Entrypoint: ['tini', '--', '/gone'] });
    expect(findings).toEqual(['error entry-not-found "/gone" does not exist']);
  });

  it('is a plain script where a script has its name', async () => {
    const { lines } = await look(
      { Entrypoint: ['/tini', 'nowhere'] },
      { files: [script('tini', '#!/bin/sh')] },
    );
    expect(lines).toEqual(['entrypoint: /tini > /usr/bin/dash = machine-code']);
  });

  it('may be an interpreter', async () => {
    const { lines } = await look({ Cmd: ['/run'] }, { files: [script('run', '#!/usr/sbin/tini /bin/sh')] });
    expect(lines).toEqual(['command: /run > /usr/sbin/tini > /usr/bin/dash = machine-code']);
  });
});

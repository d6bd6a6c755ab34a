import { describe, expect, it } from 'vitest';
import { directory, executable, file, symlink, writeElf } from '../../fixture/index.ts';
import { arm64, look, lookAt, program, script } from './entry.test-support.ts';

describe('a program without a slash', () => {
  it('is searched on the PATH of the image, in its order', async () => {
    const files = [program('a/app'), program('b/app')];
    const { lines } = await look({ Cmd: ['app'], Env: ['PATH=/none:/b:/a'] }, { files });
    expect(lines).toEqual(['command: /b/app = machine-code']);
  });

  it('is searched where engines do without a PATH', async () => {
    const { lines } = await look({ Cmd: ['app'] }, { files: [program('usr/local/sbin/app')] });
    expect(lines).toEqual(['command: /usr/local/sbin/app = machine-code']);
  });

  it('is not a directory, nor a file that nobody may execute', async () => {
    const files = [directory('a/app'), file('b/app', arm64), program('c/app')];
    const { lines } = await look({ Cmd: ['app'], Env: ['PATH=/a:/b:/c'] }, { files });
    expect(lines).toEqual(['command: /c/app = machine-code']);
  });

  it('says that the only one there is not executable', async () => {
    const { lines, findings } = await look({ Cmd: ['notes'] });
    expect(lines).toEqual(['command: /usr/bin/notes = not-a-program']);
    expect(findings[0]).toMatch(
      /^error entry-not-executable "\/usr\/bin\/notes" is not executable \(mode 0644\)/,
    );
  });

  it('is not told where a relative part of the PATH has it, which engines refuse', async () => {
    const { lines, findings } = await look(
      { Cmd: ['app'], Env: ['PATH=.:/usr/bin'], WorkingDir: '/w' },
      { files: [program('w/app')] },
    );
    expect(lines).toEqual(['command: (app) = unknown']);
    expect(findings[0]).toMatch(/^note entry-unknown/);
  });

  it('may come from a volume on the PATH', async () => {
    const { findings } = await look({
      Cmd: ['app'],
      Env: ['PATH=/usr/bin:/plugins/bin'],
      Volumes: { '/plugins': {} },
    });
    expect(findings[0]).toMatch(/^warning entry-not-found .*"\/plugins" is a volume/);
  });

  it('is never found in an image without files', async () => {
    const { findings } = await look({ Cmd: ['sh'] }, { bare: true });
    expect(findings[0]).toMatch(/^error entry-not-found "sh" is in no directory of the PATH/);
  });
});

describe('a program with a slash', () => {
  it('is a path from the working directory', async () => {
    const { lines } = await look(
      { Cmd: ['./bin/app'], WorkingDir: '/srv' },
      { files: [program('srv/bin/app')] },
    );
    expect(lines).toEqual(['command: /srv/bin/app = machine-code']);
  });

  it('is followed through links', async () => {
    const files = [symlink('app', '/opt/current/app'), symlink('opt/current', 'v2'), program('opt/v2/app')];
    const { lines } = await look({ Cmd: ['/app'] }, { files });
    expect(lines).toEqual(['command: /opt/v2/app = machine-code']);
  });

  it('goes up from a working directory that engines make', async () => {
    const { lines } = await look(
      { Cmd: ['../app'], WorkingDir: '/made/here' },
      { files: [program('made/app')] },
    );
    expect(lines).toEqual(['command: /made/app = machine-code']);
  });

  it.each([
    ['missing', '/gone', /^error entry-not-found "\/gone" does not exist$/],
    ['a dangling link', '/dangling', /^error entry-not-found .*it leads to "\/nowhere", which is not there$/],
    ['a loop of links', '/loop', /^error entry-not-found .*loop of symbolic links$/],
    ['behind a file', '/usr/bin/notes/x', /^error entry-not-found .*no directory/],
    ['empty', '', /^error entry-not-found the program's name is empty$/],
    ['a directory', '/usr', /^error entry-not-executable "\/usr" is a directory$/],
    ['not executable', '/usr/bin/notes', /^error entry-not-executable/],
    ['too long', `/${'x'.repeat(5_000)}`, /^error entry-not-found .*longer than a path may be$/],
    ['below a volume', '/data/bin/app', /^warning entry-not-found .*"\/data" is a volume/],
    ['below what engines mount', '/proc/self/exe', /^warning entry-not-found/],
  ])('is a finding where it is %s', async (_, word, expected) => {
    const { findings } = await look(
      { Cmd: [word], Volumes: { '/data/': {} } },
      { files: [symlink('dangling', 'nowhere'), symlink('loop', 'loop')] },
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(expected);
  });

  it('may come with the working directory where that is a volume', async () => {
    const { findings } = await look({ Cmd: ['./app'], WorkingDir: '/srv/app', Volumes: { '/srv': {} } });
    expect(findings[0]).toMatch(/^warning entry-not-found/);
  });
});

describe('a file without machine code', () => {
  it.each([
    ['empty', '', 'is empty'],
    ['a text', 'echo hello\n', 'is a text whose first line names no interpreter with "#!"'],
    ['data', Buffer.from('ab\0cd'), 'is data, neither a program nor a script'],
    ['an archive', Buffer.from(`PK\x05\x06${'\0'.repeat(18)}`, 'latin1'), 'is an archive, no program'],
  ])('that is %s is refused with what looks like a wrong architecture', async (_, body, text) => {
    const { lines, findings } = await look({ Cmd: ['/app'] }, { files: [executable('app', body)] });
    expect(lines).toEqual(['command: /app = not-a-program']);
    expect(findings).toEqual([`error entry-exec-format "/app" ${text}`]);
  });

  it('is read as a script by a shell', async () => {
    const { lines, findings } = await look(
      { Cmd: ['/bin/sh', '-c', '/app'] },
      { files: [executable('app', 'echo hello\n')] },
    );
    expect(lines).toEqual(['command: /usr/bin/dash > /app > /usr/bin/dash = machine-code']);
    expect(findings).toEqual([]);
  });

  it('is not told where something else starts it', async () => {
    const { lines } = await look({ Cmd: ['tini', '/app'] }, { files: [executable('app', 'echo hello\n')] });
    expect(lines).toEqual(['command: /usr/sbin/tini > /app = unknown']);
  });

  it('is not told where its facts are not there', async () => {
    const { subject } = await look({ Cmd: ['server'] });
    const unread = {
      ...subject,
      view: {
        ...subject.view,
        resolve: (path: string) => {
          const resolution = subject.view.resolve(path);
          if (!resolution.found) return resolution;
          const { facts: _, ...entry } = resolution.entry.entry;
          return { ...resolution, entry: { ...resolution.entry, entry } };
        },
      },
    };
    expect(lookAt(unread).lines).toEqual(['command: /usr/bin/server = unknown']);
  });
});

describe('a script', () => {
  it('is followed to its interpreter, with the working directory for a relative one', async () => {
    const { lines } = await look(
      { Cmd: ['/run'], WorkingDir: '/w' },
      { files: [script('run', '#! tools/interp -x'), program('w/tools/interp')] },
    );
    expect(lines).toEqual(['command: /run > /w/tools/interp = machine-code']);
  });

  it('may name another script, five times at most', async () => {
    const chain = (count: number) =>
      Array.from({ length: count }, (_, index) => script(`s${index}`, `#!/s${index + 1}`));
    const five = await look({ Cmd: ['/s0'] }, { files: [...chain(5), program('s5')] });
    expect(five.lines).toEqual(['command: /s0 > /s1 > /s2 > /s3 > /s4 > /s5 = machine-code']);
    const six = await look({ Cmd: ['/s0'] }, { files: [...chain(6), program('s6')] });
    expect(six.lines[0]).toMatch(/\/s5 = not-a-program$/);
    expect(six.findings[0]).toMatch(/^error entry-exec-format .*more than 5 interpreters/);
  });

  it('may name itself without an end', async () => {
    const { lines } = await look({ Cmd: ['/s'] }, { files: [script('s', '#!/s')] });
    expect(lines[0]).toMatch(/= not-a-program$/);
  });

  it('is reported where the interpreter is missing', async () => {
    const { findings } = await look({ Cmd: ['/run'] }, { files: [script('run', '#!/bin/bash -e')] });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(
      /^error entry-interpreter-not-found the interpreter of "\/run": "\/bin\/bash" does not/,
    );
  });

  it('is reported where a carriage return spoils the interpreter', async () => {
    const { findings } = await look({ Cmd: ['/run'] }, { files: [script('run', '#!/bin/sh\r')] });
    expect(findings[0]).toMatch(/^error entry-interpreter-not-found .*"\/bin\/sh\\r".*carriage return/);
  });

  it('is reported where the interpreter is not executable, or no program', async () => {
    const refused = await look({ Cmd: ['/run'] }, { files: [script('run', '#!/usr/bin/notes')] });
    expect(refused.findings[0]).toMatch(/^error entry-not-executable "\/usr\/bin\/notes"/);
    const text = await look(
      { Cmd: ['/run'] },
      { files: [script('run', '#!/text'), executable('text', 'x')] },
    );
    expect(text.findings[0]).toMatch(/^error entry-exec-format "\/text" is a text/);
  });

  it('is not told where its first line is longer than the kernel reads', async () => {
    const { lines } = await look({ Cmd: ['/run'] }, { files: [script('run', `#!/${'x'.repeat(300)}`)] });
    expect(lines).toEqual(['command: /run = unknown']);
  });
});

describe('env on a #! line', () => {
  it.each([
    ['#!/usr/bin/env server', '/usr/bin/env > /usr/bin/server = machine-code'],
    ['#!/usr/bin/env -S server --flag', '/usr/bin/env > /usr/bin/server = machine-code'],
    ['#!/usr/bin/env -S A=1 server', '/usr/bin/env > /usr/bin/server = machine-code'],
    [
      '#!/usr/bin/env -S timeout 5 server',
      '/usr/bin/env > /usr/bin/timeout > /usr/bin/server = machine-code',
    ],
    ['#!/usr/bin/env -S PATH=/x server', '/usr/bin/env > (server) = unknown'],
    ['#!/usr/bin/env -iS server', '/usr/bin/env > (server) = unknown'],
    ['#!/usr/bin/env -S $TOOL', '/usr/bin/env = unknown'],
    ['#!/usr/bin/env python3', '/usr/bin/env > (python3) = not-found'],
    ['#!/usr/bin/env server -f', '/usr/bin/env > (server -f) = not-found'],
  ])('%s', async (line, chain) => {
    const { lines } = await look({ Cmd: ['/run'] }, { files: [script('run', line)] });
    expect(lines).toEqual([`command: /run > ${chain}`]);
  });

  it('is reported where what it looks for is missing', async () => {
    const { findings } = await look({ Cmd: ['/run'] }, { files: [script('run', '#!/usr/bin/env perl')] });
    expect(findings[0]).toMatch(/^error entry-interpreter-not-found "perl" is in no directory/);
  });
});

describe('a .NET or Java program', () => {
  it('is its host, whatever the arguments', async () => {
    const { lines, findings } = await look(
      { Entrypoint: ['java', '-jar', '/missing.jar'] },
      { files: [program('usr/bin/java')] },
    );
    expect(lines).toEqual(['entrypoint: /usr/bin/java = machine-code']);
    expect(findings).toEqual([]);
  });

  it('is the file itself where that is an ELF library with an entry point', async () => {
    const library = writeElf({ machine: 'arm64', kind: 'library' });
    const { lines } = await look({ Cmd: ['/ld.so'] }, { files: [executable('ld.so', library)] });
    expect(lines).toEqual(['command: /ld.so = machine-code']);
  });
});

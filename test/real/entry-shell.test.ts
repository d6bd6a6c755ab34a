import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceEntries } from '../../src/audit/entry/index.ts';
import { subjectOf } from '../../src/audit/subject.test-support.ts';
import type { EntryTrace, Subject } from '../../src/audit/types.ts';
import { executable, symlink, writeElf } from '../../src/fixture/index.ts';
import { hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const hasShells = await hasPrograms('dash', 'bash');

/** Commands of which every program succeeds; `gone` is nowhere. */
const commands = [
  ...['a', 'b', 'c', '"a"', "'b'", '\\c', '$D/c', `"\${D}"/a`, './b', 'X=1 a', 'gone', './gone', 'exec gone'],
  ...['exec a', 'exec $D/b', 'cd $D', 'cd "$D" || exit 1', 'PATH=/none a', 'export PATH=/none', 'unset PATH'],
  ...[
    'PATH=$D:$PATH',
    'true',
    'false',
    'echo x',
    '>/dev/null a',
    'b 2>&1',
    '2>/dev/null c',
    '(a)',
    '{ b; }',
    'b || false',
    'gone || false',
  ],
  ...['if a; then b; fi', '$(echo a)', '`echo b`', 'a $(echo x)', '! a', 'a # b', 'set -e', 'exit', 'exit 1'],
  ...[
    'command b',
    'command -v a',
    '[ x = y ]',
    'eval c',
    'f() { a; }; f',
    'E=a; $E',
    'E=b c',
    '$E',
    'return 1',
  ],
  ...['sh -c a', "sh -c 'a; b'", 'sh -ec "c && gone"', 'env a', 'env -i b', 'env PATH=$D c', 'env -C $D ./a'],
  ...['sh -c "$X"', 'export X=c; sh -c "$X"', 'X=b; sh -c "$X"', 'wait', '*', 'a >x && cat x'],
];
const joints = [' && ', ' || ', '; ', '\n', ' | ', ' & ', ' |\n', ' &&\n', ' || exit 1; '];
const text = fc
  .array(fc.tuple(fc.constantFrom(...commands), fc.constantFrom(...joints)), { minLength: 1, maxLength: 5 })
  .chain((parts) =>
    fc
      .boolean()
      .map((open) =>
        parts
          .map(([command, joint], at) =>
            at === parts.length - 1 && !open ? command : command + (at === parts.length - 1 ? '' : joint),
          )
          .join(''),
      ),
  );

describe.skipIf(!hasShells)('what a text for a shell is said to start', () => {
  const folder = temporaryFolder();
  const bin = join(folder.path, 'bin');
  const log = join(folder.path, 'log');
  let subject: Subject;

  beforeAll(async () => {
    mkdirSync(bin);
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(join(bin, name), `#!/bin/sh\necho "\${0##*/}" >>${log}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    for (const name of ['env', 'cat', 'sh']) symlinkSync(`/usr/bin/${name}`, join(bin, name));
    const code = writeElf({ machine: 'arm64' });
    const names = ['a', 'b', 'c', 'env', 'cat', 'dash', 'bash'];
    const files = names.map((name) => executable(`usr/bin/${name}`, code));
    subject = await subjectOf({
      layers: [[...files, symlink('usr/bin/sh', 'dash')]],
      config: { Env: ['PATH=/usr/bin', 'D=/usr/bin'], WorkingDir: '/usr' },
    });
  });
  afterAll(() => folder.remove());

  it.each(['dash', 'bash'])('is what %s starts, and its errors are real', async (shell) => {
    await fc.assert(
      fc.asyncProperty(text, async (script) => {
        const traces = tracesOf(subject, shell, script);
        const { started, status } = await really(shell, script, { folder: folder.path, bin, log });
        const names = traces.filter(({ end }) => end.kind === 'machine-code').map(programOf);
        const isOpen = traces.some(({ end }) => end.kind === 'unknown');
        for (const name of started) expect(isOpen || names.includes(name), `${name} was started`).toBe(true);
        if (isOpen) return;
        for (const { certain, end } of traces)
          if (certain && end.kind === 'not-found' && end.tolerated !== true) expect(status).not.toBe(0);
        // Behind a command that is missing much is not reached.
        if (traces.some(({ end }) => end.kind !== 'machine-code')) return;
        for (const trace of traces.filter(isSureProgram))
          expect(started, `${programOf(trace)} was not started`).toContain(programOf(trace));
      }),
      { numRuns: 300 },
    );
  });
});

function tracesOf(subject: Subject, shell: string, script: string): readonly EntryTrace[] {
  const run = { ...subject.run, entrypoint: [`/usr/bin/${shell}`, '-c', script] };
  return traceEntries({ ...subject, run });
}

function programOf({ steps }: EntryTrace): string {
  return steps.at(-1)?.file?.path.replace('usr/bin/', '') ?? '';
}

function isSureProgram(trace: EntryTrace): boolean {
  return trace.certain && trace.end.kind === 'machine-code' && ['a', 'b', 'c'].includes(programOf(trace));
}

async function really(
  shell: string,
  script: string,
  { folder, bin, log }: { readonly folder: string; readonly bin: string; readonly log: string },
): Promise<{ readonly started: readonly string[]; readonly status: number }> {
  rmSync(log, { force: true });
  const env = { PATH: `${bin}:/usr/bin:/bin`, D: bin };
  const status = await new Promise<number>((resolve) => {
    execFile(`/bin/${shell}`, ['-c', script], { cwd: folder, env, timeout: 10_000 }, (error) =>
      resolve(error === null ? 0 : Number(error.code ?? 1)),
    );
  });
  let started = '';
  try {
    started = readFileSync(log, 'utf8');
  } catch {
    // Nothing was started.
  }
  return { started: started.split('\n').filter((name) => name !== ''), status };
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jobOf, outcome, type Trial } from './trial.test-support.ts';

/** What a command gets, how it ends, and what comes of it. */
export function describeCommands(trial: Trial): void {
  const { sh, nextId } = trial;
  describe('a command', () => {
    test('has the variables it was given, to the byte, those of the place, and no others', async () => {
      const odd = 'it\'s "odd": $HOME `x` \\n\n\ttwo lines, ünïcödé 😀\n';
      const [variable, value] = trial.site().variable;
      const { output } = await sh("cat /proc/self/environ | tr '\\0' '\\001'", {
        environment: { ODD: odd, EMPTY: '', job: 'mine', PATH: '/opt/none:/usr/bin:/bin:/usr/local/bin' },
        pass: [variable, 'NOT_THERE_AT_ALL'],
      });
      const found = Object.fromEntries(
        output
          .split('\u0001')
          .filter((item) => item !== '')
          .map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]),
      );
      // What shells set by themselves.
      for (const own of ['PWD', 'SHLVL', '_', 'OLDPWD']) delete found[own];
      expect(found).toMatchObject({ ODD: odd, EMPTY: '', job: 'mine', [variable]: value });
      expect(found['PATH']).toBe('/opt/none:/usr/bin:/bin:/usr/local/bin');
      const known = [
        'ODD',
        'EMPTY',
        'job',
        variable,
        'PATH',
        'HOME',
        'USER',
        'LOGNAME',
        'SHELL',
        'LANG',
        'TMPDIR',
      ];
      expect(Object.keys(found).filter((key) => !known.includes(key))).toEqual([]);
    });

    test('gets any text as it is', async () => {
      const text = fc
        .string({ unit: 'binary', maxLength: 40 })
        .map((one) => Buffer.from(one.replaceAll('\0', '')).toString());
      const texts = fc.sample(text, 100);
      const prints = texts.map((_, at) => `printf '%s\\0' "$T${at}"`).join('\n');
      const { output } = await sh(prints, {
        environment: Object.fromEntries(texts.map((one, at) => [`T${at}`, one])),
      });
      expect(output.split('\0').slice(0, -1)).toEqual(texts);
    });

    test('runs with -eu where it is a script, and without a shell where it is words', async () => {
      expect((await sh('false; echo on')).output).toBe('');
      expect((await sh('echo "$NOT_SET"')).end).toMatchObject({ how: 'exited' });
      const words = ['printf', '%s|', 'a b', '$HOME', "it's", '*', ''];
      expect((await sh('', { command: { kind: 'words', words } })).output).toBe("a b|$HOME|it's|*||");
    });

    test.each([0, 1, 3, 125, 127])('ends with code %i', async (code) => {
      expect((await sh(`exit ${code}`)).end).toMatchObject({ how: 'exited', code });
    });

    test('that is not there ends as a shell says it', async () => {
      const { end, output } = await sh('', { command: { kind: 'words', words: ['no-such-program', 'x'] } });
      expect(end).toMatchObject({ how: 'exited', code: 127 });
      expect(output).toContain('no-such-program');
    });

    test.each(['KILL', 'TERM', 'SEGV'])('that dies by %s is told from one that ends', async (signal) => {
      expect((await sh(`kill -${signal} $$`)).end).toMatchObject({ how: 'killed', signal: `SIG${signal}` });
    });

    test('runs in its folder of the workspace, with nothing on its input', async () => {
      await sh('mkdir -p "in ner/deep"');
      const { output } = await sh('pwd; wc -c', { workdir: 'in ner/deep' });
      expect(output.replaceAll(/ +(?=\d)/g, '')).toBe(`${trial.place().workspace}/in ner/deep\n0\n`);
      expect((await sh('true', { workdir: 'not-there' })).end).toMatchObject({ how: 'exited', code: 126 });
    });

    test('is refused where it could leave the workspace or show a secret', async () => {
      await expect(sh('true', { workdir: '../x' })).rejects.toMatchObject({ code: 'PATH_OUTSIDE' });
      await expect(sh('true', { workdir: '/etc' })).rejects.toMatchObject({ code: 'PATH_OUTSIDE' });
      await expect(sh('echo hunter2', { secrets: ['hunter2'] })).rejects.toMatchObject({
        code: 'JOB_REFUSED',
      });
      await expect(trial.place().exec(jobOf('../x', 'true'), {})).rejects.toMatchObject({
        code: 'JOB_REFUSED',
      });
    });
  });

  describe('output', () => {
    test('is both streams as they come', async () => {
      expect((await sh('echo 1; echo 2 >&2; echo 3; printf end')).output).toBe('1\n2\n3\nend');
    });

    test('comes while the command runs', async () => {
      const seen: number[] = [];
      const started = performance.now();
      await trial.place().exec(jobOf(nextId(), 'echo first; sleep 2; echo second'), {
        onOutput: () => seen.push(performance.now() - started),
      });
      expect(seen.length).toBeGreaterThan(1);
      expect((seen.at(-1) ?? 0) - (seen[0] ?? 0)).toBeGreaterThan(1000);
    });

    test('may be large, and any bytes', async () => {
      const large = await sh('head -c 50000000 /dev/zero');
      expect(large.bytes.length).toBe(50_000_000);
      const all = Array.from({ length: 256 }, (_, byte) => `\\0${byte.toString(8)}`).join('');
      const { bytes } = await sh(`printf '%b' '${all}'`);
      expect([...bytes]).toEqual(Array.from({ length: 256 }, (_, byte) => byte));
    });

    test('can be had from where the caller left off', async () => {
      const job = jobOf(nextId(), 'i=0; while [ $i -lt 30000 ]; do echo $i; i=$((i+1)); done');
      const { output } = await outcome(trial.place(), job);
      for (const from of [0, 1, 70_000, output.length])
        expect((await outcome(trial.place(), job, { from })).output).toBe(output.slice(from));
    });
  });
}

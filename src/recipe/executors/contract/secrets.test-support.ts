import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hiddenTexts } from '../protocol/scripts/hide.ts';
import { jobOf, outcome, type Trial } from './trial.test-support.ts';

/** What stays secret, and what has no network. */
export function describeSecrets(trial: Trial): void {
  const { sh, nextId } = trial;
  describe('secrets', () => {
    const secret = 'tr0ub4dor&3 "quoted"';
    const key = '-----BEGIN-----\nAAAAline1\nBBBBline2\n-----END-----';

    test('reach the command, and neither its log nor any file or list of processes', async () => {
      const job = jobOf(
        'secretive',
        'printf "%s" "$S" | wc -c; echo "say $S and $S." ; echo "$K" >&2; printf %s "$S"; sleep 1',
        {
          environment: { S: secret, K: key, PLAIN: 'tr0ub' },
          secrets: [secret, key],
        },
      );
      const running = outcome(trial.place(), job);
      // What is searched for stands on no command line of the search either.
      const look = await sh(
        "sleep 0.4; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' >seen; a=tr0ub b=AAAA; " +
          'printf "%s4dor\\n%sline\\n" "$a" "$b" >../wanted; grep -r -l -F -f ../wanted . && exit 9; grep -c sleep seen',
      );
      expect(look.end).toMatchObject({ code: 0 });
      const { output, end } = await running;
      expect(end).toMatchObject({ how: 'exited', code: 0 });
      expect(output.replace(/^ +/, '')).toBe(`${secret.length}\nsay *** and ***.\n***\n***\n***\n***\n***\n`);
    });

    test('do not hold output back', async () => {
      const seen: { readonly text: string; readonly at: number }[] = [];
      const job = jobOf(nextId(), 'echo "now $S"; sleep 2; echo later', {
        environment: { S: secret },
        secrets: [secret],
      });
      const end = await trial.place().exec(job, {
        onOutput: (chunk) => seen.push({ text: Buffer.from(chunk).toString(), at: performance.now() }),
      });
      expect(end).toMatchObject({ how: 'exited', code: 0 });
      expect(seen.map(({ text }) => text)).toEqual(['now ***\n', 'later\n']);
      expect((seen[1]?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThan(1000);
    });

    test('a longer one is hidden whole though a shorter one is part of it', async () => {
      const { output } = await sh('echo "<$A><$B>"', {
        environment: { A: 'abc', B: 'xxabcxx' },
        secrets: ['abc', 'xxabcxx'],
      });
      expect(output).toBe('<***><***>\n');
    });

    test('whatever they are, none is left in what is printed, and all else is', async () => {
      const unit = fc.constantFrom('a', 'b', '*', '.', '\\', '"', "'", '&', ' ', 'é', '😀', '[', '$', '%s');
      const some = fc.array(fc.string({ unit, minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 6 });
      const [secrets = [], others = []] = fc.sample(
        some.filter((texts) => texts.every((text) => text.trim() !== '')),
        2,
      );
      const pieces = fc.array(fc.constantFrom(...secrets, ...others, 'plain', ' '), { maxLength: 8 });
      const lines = fc.sample(pieces, 60).map((parts) => parts.join(''));
      const { output } = await sh('printf "%s\n" "$TEXT"', {
        environment: { TEXT: lines.join('\n') },
        secrets,
      });
      const hidden = hiddenTexts(secrets);
      const hide = (line: string) => hidden.reduce((text, secret) => text.replaceAll(secret, '***'), line);
      expect(output).toBe(lines.map((line) => `${hide(line)}\n`).join(''));
    });

    test('a daemon that goes on does not hold the end up', async () => {
      const started = performance.now();
      const { end } = await sh('setsid sleep 6 & echo "$S"', {
        environment: { S: secret },
        secrets: [secret],
      });
      expect(end).toMatchObject({ how: 'exited', code: 0 });
      expect(performance.now() - started).toBeLessThan(5500);
    });
  });

  describe('the network', () => {
    test('is taken from a command, or the command is refused', async () => {
      const { isolatesNetwork } = await trial.place().probe({});
      const running = sh('cat /proc/net/dev; id -u', { network: 'none' });
      if (!isolatesNetwork) return expect(running).rejects.toMatchObject({ code: 'PLACE_UNUSABLE' });
      const { end, output } = await running;
      expect(end).toMatchObject({ how: 'exited', code: 0 });
      const interfaces = output.split('\n').flatMap((line) => /^\s*(\w+):/.exec(line)?.[1] ?? []);
      expect(interfaces).toContain('lo');
      // Kernels put their tunnels into every namespace.
      expect(interfaces.filter((one) => /^(eth|en|wl|docker|br)/.test(one))).toEqual([]);
      expect(output.trim().split('\n').at(-1)).toBe((await sh('id -u')).output.trim());
    });
  });
}

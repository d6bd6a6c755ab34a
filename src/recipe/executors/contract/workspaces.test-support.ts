import { describe, expect, test } from 'vitest';
import { ExecutorError } from '../errors.ts';
import { beginElsewhere, jobOf, kill, outcome, type Trial } from './trial.test-support.ts';

/** Files, and whose the workspace is. */
export function describeWorkspaces(trial: Trial): void {
  const { sh, acquire } = trial;
  describe('files', () => {
    const bytesOf = async (path: string) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of trial.place().get(path, {})) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    async function* inPieces(content: Buffer, size = 65_536) {
      for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
    }

    test('go there and come back, small and large', async () => {
      const large = Buffer.alloc(5_000_000, 'armload\0\u001e\n');
      await trial.place().put('put/it here/large', inPieces(large), {});
      expect((await bytesOf('put/it here/large')).equals(large)).toBe(true);
      await trial
        .place()
        .put('put/tool', inPieces(Buffer.from('#!/bin/sh\necho works\n')), { executable: true });
      await trial.place().put('put/empty', inPieces(Buffer.alloc(0)), {});
      expect((await bytesOf(`${trial.place().workspace}/put/empty`)).length).toBe(0);
      const { output } = await sh(
        'put/tool; ls -A put "put/it here"; [ -x "put/it here/large" ] || echo plain',
      );
      expect(output).toBe('works\nput:\nempty\nit here\ntool\n\nput/it here:\nlarge\nplain\n');
    });

    test('replace what was there, links themselves included, and no folder', async () => {
      await sh('echo keep >kept; ln -s kept link; mkdir -p folder; ln -s folder to-folder');
      await trial.place().put('link', inPieces(Buffer.from('new')), {});
      expect((await sh('cat link kept; [ -h link ] || echo file')).output).toBe('newkeep\nfile\n');
      await trial.place().put('to-folder', inPieces(Buffer.from('new')), {});
      expect((await sh('cat to-folder; ls -A folder')).output).toBe('new');
      await expect(trial.place().put('folder', inPieces(Buffer.from('x')), {})).rejects.toMatchObject({
        code: 'PLACE_UNUSABLE',
      });
    });

    test.each(['../out', '/etc/out', 'a/../../out', '', '.'])('can not be put to %j', async (path) => {
      await expect(trial.place().put(path, inPieces(Buffer.from('x')), {})).rejects.toMatchObject({
        code: 'PATH_OUTSIDE',
      });
    });

    test('can not be put through a link out of the workspace', async () => {
      await sh('mkdir -p ../outside-of-it; ln -s ../outside-of-it out; ln -s / slash');
      for (const path of ['out/x', 'out/deep/x', 'slash/tmp/armload-x'])
        await expect(trial.place().put(path, inPieces(Buffer.from('x')), {})).rejects.toMatchObject({
          code: 'PATH_OUTSIDE',
        });
      expect((await sh('ls -A ../outside-of-it; rmdir ../outside-of-it')).output).toBe('');
    });

    test('that are not there, or no files, are missing', async () => {
      await sh('mkdir -p a-folder; mkfifo a-pipe');
      for (const path of ['nothing', 'a-folder', 'a-pipe', '/proc/self'])
        await expect(bytesOf(path)).rejects.toMatchObject({ code: 'FILE_MISSING' });
      await expect(bytesOf('../x')).rejects.toMatchObject({ code: 'PATH_OUTSIDE' });
    });

    test('whose source fails are not there at all', async () => {
      async function* failing() {
        yield Buffer.alloc(3_000_000);
        throw new Error('the source broke');
      }
      await expect(trial.place().put('half', failing(), {})).rejects.toThrow('the source broke');
      expect((await sh('ls half 2>&1 || :')).output).toContain('No such file');
    });

    test('need not be read to their end', async () => {
      await sh('head -c 3000000 /dev/zero >zeros');
      for await (const chunk of trial.place().get('zeros', {})) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    });
  });

  describe('the workspace', () => {
    test('is the same for the same run, another for another, and a way in is named', async () => {
      const first = await acquire('again');
      await outcome(first, jobOf('write', 'echo mine >file'));
      await first.release({ discard: false });
      const second = await acquire('again');
      expect(second.workspace).toBe(first.workspace);
      expect((await outcome(second, jobOf('read', 'cat file'))).output).toBe('mine\n');
      expect(second.enter.length).toBeGreaterThan(3);
      const { output } = await sh('ls file 2>&1 || :');
      expect(output).toContain('No such file');
    });

    test('is held by one runner at a time; the other hears who, and since when', async () => {
      const first = await acquire('busy');
      const thrown = await acquire('busy').catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(ExecutorError);
      expect(thrown).toMatchObject({
        code: 'PLACE_BUSY',
        message: expect.stringMatching(/run busy .*process \d+.* since 20\d\d-/),
      });
      await first.release({ discard: false });
      await (await acquire('busy')).release({ discard: false });
    });

    test('is taken over from a runner that is dead', async () => {
      const { runner, printed } = await beginElsewhere(
        trial.site(),
        'dead',
        jobOf('idle', 'echo on; sleep 2'),
      );
      await printed('on\n');
      await expect(acquire('dead')).rejects.toMatchObject({ code: 'PLACE_BUSY' });
      await kill(runner);
      await (await acquire('dead')).release({ discard: false });
    });

    test('is taken over from a runner elsewhere whose lease ran out, not before', async () => {
      const first = await acquire('elsewhere');
      const foreign = (age: number) =>
        outcome(
          first,
          jobOf(
            `foreign-${age}`,
            `cd .armload; set -- lock.*; echo "other far.example boot ns 1 1 2026-01-01T00:00:00Z" >"$1/owner"; echo $(($(date +%s) - ${age})) >"$1/lease"`,
          ),
        );
      await foreign(300);
      await expect(acquire('elsewhere')).rejects.toMatchObject({
        code: 'PLACE_BUSY',
        message: expect.stringContaining('far.example'),
      });
      await foreign(700);
      const second = await acquire('elsewhere');
      await second.release({ discard: false });
    });

    test('is gone after a discard, read-only folders too', async () => {
      const gone = await acquire('gone');
      await outcome(gone, jobOf('write', 'mkdir -p cache/mod; echo x >cache/mod/file; chmod -R a-w cache'));
      await gone.release({ discard: true });
      const again = await acquire('gone');
      expect((await outcome(again, jobOf('read', 'ls -A'))).output).toBe('.armload\n');
      await again.release({ discard: true });
    });
  });
}

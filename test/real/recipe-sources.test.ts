// What puts a recipe's sources in place, run by the real git, curl and tar: again and again, and after every kind of stop.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shellWords } from '../../src/recipe/plan/shell.ts';
import { sourceCommands, sourceFactsOf, sourceReading } from '../../src/recipe/plan/source-commands.ts';
import type { PlannedSource } from '../../src/recipe/plan/types.ts';
import { exec, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const available = await hasPrograms('git', 'curl', 'tar', 'sha256sum');
const folder = temporaryFolder();
afterAll(() => folder.remove());

let workspaces = 0;

function workspace(): string {
  const path = join(folder.path, `w${workspaces++}`);
  mkdirSync(path);
  return path;
}

const inFolder = (path: string, script: string) =>
  exec('sh', '-c', `cd "$1" && ${script}`, 'sh', path).then((output) => output.trim());

/** As armload does them, or as a person types what is shown: the same. @param until ends before this command */
async function put(source: PlannedSource, at: string, until = Number.POSITIVE_INFINITY): Promise<void> {
  for (const { words } of sourceCommands(source).slice(0, until)) await inFolder(at, shellWords(words));
}

async function factsIn(source: PlannedSource, at: string) {
  const words = sourceReading(source)?.words ?? [];
  return sourceFactsOf(source, `${await inFolder(at, shellWords(words))}\n`);
}

describe.skipIf(!available)('a git source', () => {
  let origin = '';
  let url = '';
  const commits: Record<string, string> = {};

  beforeAll(async () => {
    origin = join(folder.path, 'origin');
    url = pathToFileURL(origin).href;
    mkdirSync(origin);
    const git = (script: string) =>
      inFolder(
        origin,
        `export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@a.example GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@a.example; ${script}`,
      );
    await git(
      'git init -q -b main . && echo one > file && git add file && git commit -qm one && git tag -a v1 -m v1',
    );
    commits['one'] = await git('git rev-parse HEAD');
    await git('echo two > file && git commit -qam two && git update-ref refs/pull/1/head HEAD');
    commits['pull'] = await git('git rev-parse HEAD');
    await git('git reset -q --hard HEAD~1 && echo three > file && git commit -qam three');
    commits['three'] = await git('git rev-parse HEAD');
  });

  const source = (changes: Partial<Extract<PlannedSource, { kind: 'git' }>>): PlannedSource => ({
    ...{ kind: 'git', name: 's', url, submodules: false, path: 'deep/below/s' },
    ...changes,
  });

  test('is at its commit, on the branch that the recipe names', async () => {
    const at = workspace();
    const pinned = source({ commit: commits['one'] ?? '', branch: 'master' });
    await put(pinned, at);
    expect(await factsIn(pinned, at)).toMatchObject({ commit: commits['one'], path: 'deep/below/s' });
    expect(await inFolder(join(at, 'deep/below/s'), 'git symbolic-ref HEAD')).toBe('refs/heads/master');
    expect(readFileSync(join(at, 'deep/below/s/file'), 'utf8')).toBe('one\n');
    expect(existsSync(join(at, 'deep/below/s.partial'))).toBe(false);
  });

  test('is a branch, a tag, or what only a pull request has', async () => {
    const wanted = { main: 'three', v1: 'one', 'refs/pull/1/head': 'pull' };
    for (const [ref, commit] of Object.entries(wanted)) {
      const at = workspace();
      await put(source({ ref }), at);
      expect(await factsIn(source({ ref }), at)).toMatchObject({ commit: commits[commit] });
    }
    const at = workspace();
    const pinned = source({ commit: commits['pull'] ?? '' });
    await put(pinned, at);
    expect(await factsIn(pinned, at)).toMatchObject({ commit: commits['pull'] });
  });

  test('comes to the same after a stop at any of its commands, and where something else was', async () => {
    const pinned = source({ commit: commits['three'] ?? '', branch: 'main' });
    const at = workspace();
    for (let until = 0; until <= sourceCommands(pinned).length; until++) {
      await put(pinned, at, until);
      await put(pinned, at);
      expect(await factsIn(pinned, at)).toMatchObject({ commit: commits['three'] });
      writeFileSync(join(at, 'deep/below/s/stray'), 'x');
    }
  });
});

describe.skipIf(!available)('an archive', () => {
  test('is unpacked without its leading folder, again and again; a wrong one never gets there', async () => {
    const at = workspace();
    await inFolder(
      folder.path,
      'mkdir -p tree/a-1.0/bin && echo hello > tree/a-1.0/bin/run && tar -C tree -czf a.tar.gz a-1.0',
    );
    const bytes = readFileSync(join(folder.path, 'a.tar.gz'));
    const source: PlannedSource = {
      ...{ kind: 'archive', name: 'a', url: pathToFileURL(join(folder.path, 'a.tar.gz')).href },
      ...{ sha256: createHash('sha256').update(bytes).digest('hex'), path: 'deps/a' },
      ...{ unpack: true, strip: 1, executable: false },
    };
    for (let until = 0; until <= sourceCommands(source).length; until++) {
      await put(source, at, until);
      await put(source, at);
      expect(readFileSync(join(at, 'deps/a/bin/run'), 'utf8')).toBe('hello\n');
      expect(existsSync(join(at, 'deps/a.partial'))).toBe(false);
    }
    const other = workspace();
    await expect(put({ ...source, sha256: 'a'.repeat(64) }, other)).rejects.toThrow();
    expect(existsSync(join(other, 'deps/a'))).toBe(false);
    const whole: PlannedSource = { ...source, unpack: false, executable: true, path: 'tools/a' };
    await put(whole, other);
    expect(
      await inFolder(
        other,
        'test -x tools/a && cmp tools/a "$0" && echo same'.replace('$0', join(folder.path, 'a.tar.gz')),
      ),
    ).toBe('same');
  });
});

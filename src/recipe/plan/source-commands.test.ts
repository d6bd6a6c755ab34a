import { describe, expect, it } from 'vitest';
import { sourceCommands, sourceFactsOf, sourceReading, sourceTools } from './source-commands.ts';
import type { PlannedSource } from './types.ts';

const commit = 'c'.repeat(40);
const tree = 'd'.repeat(40);
const git: PlannedSource = {
  ...{ kind: 'git', name: 's', url: 'https://git.example/a.git', commit, branch: 'master' },
  ...{ submodules: true, path: 'istio/istio' },
};
const archive: PlannedSource = {
  ...{
    kind: 'archive',
    name: 'a',
    url: 'https://a.example/a.tar.gz',
    sha256: 'e'.repeat(64),
    path: 'deps/a',
  },
  ...{ unpack: true, strip: 1, executable: false },
};

const lines = (source: PlannedSource) => sourceCommands(source).map(({ words }) => words.join(' '));

describe('what puts a source in place', () => {
  it('clones beside the place, and moves there what is whole', () => {
    expect(lines(git)).toEqual([
      'rm -rf -- istio/istio.partial',
      'git clone --no-checkout -- https://git.example/a.git istio/istio.partial',
      `git -C istio/istio.partial fetch origin ${commit}`,
      `git -C istio/istio.partial checkout -B master ${commit}`,
      'git -C istio/istio.partial submodule update --init --recursive',
      'rm -rf -- istio/istio',
      'mv -- istio/istio.partial istio/istio',
    ]);
    expect(sourceReading(git)?.words).toEqual([
      'git',
      '-C',
      'istio/istio',
      'rev-parse',
      'HEAD',
      'HEAD^{tree}',
    ]);
  });

  it('takes a branch or tag as it is then, without a branch of its own unless told', () => {
    const { commit: _, branch: __, ...rest } = git;
    expect(lines({ ...rest, ref: 'v1', submodules: false }).slice(2, 4)).toEqual([
      'git -C istio/istio.partial fetch origin v1',
      'git -C istio/istio.partial checkout --detach FETCH_HEAD',
    ]);
  });

  it('holds an archive against its checksum before anything reads it', () => {
    const commands = lines(archive);
    const sum = commands.findIndex((line) => line.includes('sha256sum'));
    expect(commands.findIndex((line) => line.startsWith('curl'))).toBeLessThan(sum);
    expect(commands.findIndex((line) => line.startsWith('tar'))).toBeGreaterThan(sum);
    expect(commands.at(-2)).toBe('mv -- deps/a.partial/content deps/a');
    expect(lines({ ...archive, unpack: false, executable: true }).slice(-3)).toEqual([
      'chmod +x -- deps/a.partial',
      'rm -rf -- deps/a',
      'mv -- deps/a.partial deps/a',
    ]);
  });

  it('needs programs, and is nothing for a file that is handed over', () => {
    const file: PlannedSource = {
      kind: 'file',
      name: 'f',
      file: '/f',
      sha256: 'f',
      path: 'f',
      executable: false,
    };
    expect([sourceTools(git), sourceTools(archive), sourceTools(file)]).toEqual([['git'], ['tar'], []]);
    expect(sourceCommands(file)).toEqual([]);
    expect(sourceFactsOf(file)).toEqual({ path: 'f', content: 'f' });
  });

  it('is believed only where it is the commit that was wanted', () => {
    expect(sourceFactsOf(git, `${commit}\n${tree}\n`)).toEqual({
      path: 'istio/istio',
      commit,
      content: tree,
    });
    expect(sourceFactsOf(git, `${tree}\n${tree}\n`)).toBeUndefined();
    expect(sourceFactsOf(git, 'fatal: not a git repository')).toBeUndefined();
    expect(sourceFactsOf(git, '')).toBeUndefined();
  });
});

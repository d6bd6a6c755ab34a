import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ContractSite,
  describeExecutor,
  jobOf,
  outcome,
  quick,
} from '../../src/recipe/executors/contract/executor-contract.test-support.ts';
import { executorFor } from '../../src/recipe/executors/executors.ts';
import { hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const platform = 'linux/amd64';

/** A folder of programs that come first on the PATH. */
function programs(name: string, links: Readonly<Record<string, string>>): string {
  const path = join(folder.path, name);
  mkdirSync(path);
  for (const [link, target] of Object.entries(links)) symlinkSync(target, join(path, link));
  return path;
}

const local = (name: string, PATH: string): ContractSite => ({
  address: `local:${join(folder.path, name, 'places')}`,
  settings: { timings: quick },
  environment: { ...process.env, PATH, PLACE_VARIABLE: 'of this machine' },
  ...{ platform, variable: ['PLACE_VARIABLE', 'of this machine'], isolates: process.getuid?.() === 0 },
  ...{ folder: folder.path, randomTries: 8 },
});
const withTools = await hasPrograms('busybox', 'gawk', 'bash');

describe.skipIf(!withTools)('with other tools of the same names', () => {
  const bash = programs('bash', { sh: '/bin/bash', awk: '/usr/bin/gawk' });
  describeExecutor('local, of bash and gawk', () => local('by-bash', `${bash}:${process.env['PATH'] ?? ''}`));

  const busybox = programs('of-busybox', {});
  beforeAll(() => void execFileSync('busybox', ['--install', '-s', busybox]));
  describeExecutor('local, of busybox alone', () => local('by-busybox', busybox));
});

describe.skipIf(process.getuid?.() !== 0)('on this machine', () => {
  const acquire = (root: string, environment: Record<string, string | undefined> = process.env) =>
    executorFor(`local:${root}`, { timings: quick }).acquire({ run: 'run', platform }, { environment });

  test('a full disk is told from what commands make of it, and jobs that run are recorded all the same', async () => {
    const root = join(folder.path, 'small');
    mkdirSync(root);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', root]);
    try {
      const place = await acquire(root);
      const fill =
        'sleep 0.5; dd if=/dev/zero of=big bs=4096 2>&1; dd if=/dev/zero bs=1 2>/dev/null >>big; exit 5';
      const { end } = await outcome(place, jobOf('fills', fill));
      expect(end).toMatchObject({ how: 'exited', code: 1 });
      const refused = jobOf('refused', 'echo on >mark');
      await expect(place.exec(refused, {})).rejects.toMatchObject({ code: 'PLACE_FULL' });
      async function* content() {
        yield Buffer.alloc(5000);
      }
      await expect(place.put('file', content(), {})).rejects.toMatchObject({ code: 'PLACE_FULL' });
      expect(await place.exec(jobOf('fills', fill), {})).toMatchObject({
        how: 'exited',
        code: 1,
        adopted: true,
      });
      rmSync(join(place.workspace, 'big'));
      expect(await place.exec(refused, {})).toMatchObject({ how: 'exited', code: 0, adopted: false });
      await place.release({ discard: true });
    } finally {
      execFileSync('umount', ['--lazy', root]);
    }
  });

  test('an ordinary user has a place too, and stays who he is where the network is taken away', async () => {
    const bin = programs('as-nobody', {});
    const wrapper = `#!/bin/dash
read -r inside outside size </proc/self/uid_map
[ "$(id -u)" = 0 ] && [ "$size" = 4294967295 ] || exec /bin/dash "$@"
exec setpriv --reuid 65534 --regid 65534 --clear-groups /bin/dash "$@"
`;
    writeFileSync(join(bin, 'sh'), wrapper, { mode: 0o755 });
    const root = join(folder.path, 'of-nobody');
    mkdirSync(root);
    chmodSync(root, 0o777);
    chmodSync(folder.path, 0o755);
    const place = await acquire(root, { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: '/nonexistent' });
    const facts = await place.probe({});
    expect(facts.user).toBe('nobody');
    const job = jobOf('alone', 'id -u; cat /proc/net/dev', { network: 'none' });
    if (facts.isolatesNetwork) {
      const { end, output } = await outcome(place, job);
      expect(end).toMatchObject({ how: 'exited', code: 0 });
      expect(output).toMatch(/^65534\n/);
      expect(output).not.toMatch(/^\s*(eth|en)\w*:/m);
    } else await expect(place.exec(job, {})).rejects.toMatchObject({ code: 'PLACE_UNUSABLE' });
    await place.release({ discard: true });
    await expect(
      acquire('/root/not-for-nobody', { PATH: `${bin}:${process.env['PATH'] ?? ''}` }),
    ).rejects.toMatchObject({
      code: 'PLACE_UNUSABLE',
    });
  });

  test('a thousand small jobs are no burden', async () => {
    const place = await acquire(join(folder.path, 'many'));
    const started = process.hrtime.bigint();
    for (let number = 0; number < 1000; number += 1)
      expect((await place.exec(jobOf(`n${number}`, ':'), { onOutput: () => undefined })).how).toBe('exited');
    // Ten seconds on two cores that have nothing else to do.
    expect(Number(process.hrtime.bigint() - started) / 1e9).toBeLessThan(60);
    await place.release({ discard: true });
  }, 120_000);
});

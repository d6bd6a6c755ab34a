import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  describeExecutor,
  jobOf,
  outcome,
  quick,
} from '../../src/recipe/executors/contract/executor-contract.test-support.ts';
import { executorFor } from '../../src/recipe/executors/executors.ts';
import { canStartDockerEngine, type DockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe.skipIf(!(await canStartDockerEngine()) || !(await hasPrograms('busybox')))('in a container', () => {
  let engine: DockerEngine;
  let environment: Record<string, string | undefined>;
  const image = 'armload-test/busybox:1';
  beforeAll(async () => {
    engine = await startDockerEngine(join(folder.path, 'docker'));
    environment = { ...process.env, ...engine.environment, XDG_STATE_HOME: join(folder.path, 'state') };
    await engine.docker('import', '--change', 'ENV PLACE_VARIABLE=of-the-image', await busyboxRoot(), image);
  });
  afterAll(() => engine?.stop());

  describeExecutor('docker', () => ({
    address: `docker://${image}`,
    settings: { timings: quick },
    environment,
    platform: 'linux/amd64',
    variable: ['PLACE_VARIABLE', 'of-the-image'],
    isolates: false,
    folder: folder.path,
    randomTries: 6,
  }));

  const acquire = (run: string, address = `docker://${image}`) =>
    executorFor(address, { timings: quick }).acquire({ run, platform: 'linux/amd64' }, { environment });
  const everything = async () => [
    await engine.docker('ps', '--all', '--format', '{{.Names}}'),
    await engine.docker('volume', 'ls', '--quiet'),
  ];

  test('a container that is stopped is started again, and what ran there is lost', async () => {
    const place = await acquire('stopped');
    await outcome(place, jobOf('write', 'echo kept >file'));
    const running = outcome(place, jobOf('runs', 'echo on; sleep 300'));
    await delay(800);
    await engine.docker('restart', '--time', '0', 'armload-stopped');
    expect((await running).end).toMatchObject({ how: 'lost' });
    await engine.docker('stop', '--time', '0', 'armload-stopped');
    expect((await outcome(place, jobOf('read', 'cat file'))).output).toBe('kept\n');
    await place.release({ discard: true });
  });

  test('clients that are killed cost no line, and the job runs once', async () => {
    const place = await acquire('clients');
    const text =
      'echo ran >>count; i=0; while [ $i -lt 40 ]; do echo "line $i"; i=$((i+1)); sleep 0.05; done; exit 7';
    const killer = setInterval(() => {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
        if (commandLine(pid).includes('armload-clients')) process.kill(Number(pid), 'SIGKILL');
    }, 600);
    const { end, output } = await outcome(place, jobOf('job', text)).finally(() => clearInterval(killer));
    expect(end).toMatchObject({ how: 'exited', code: 7, adopted: false });
    expect(output).toBe(Array.from({ length: 40 }, (_, at) => `line ${at}\n`).join(''));
    expect((await outcome(place, jobOf('count', 'cat count'))).output).toBe('ran\n');
    await place.release({ discard: true });
  });

  test('a discard takes the container and its volume away', async () => {
    const before = await everything();
    const place = await acquire('gone');
    expect(await everything()).not.toEqual(before);
    await place.release({ discard: true });
    expect(await everything()).toEqual(before);
  });

  test('an image without a shell, one that is not there, and an engine that is not there are told', async () => {
    const before = await everything();
    const empty = join(folder.path, 'empty.tar');
    await promisify(execFile)('tar', [
      '--create',
      '--file',
      empty,
      '--directory',
      folder.path,
      '--files-from',
      '/dev/null',
    ]);
    await engine.docker('import', empty, 'armload-test/empty:1');
    await expect(acquire('empty', 'docker://armload-test/empty:1')).rejects.toMatchObject({
      code: 'PLACE_UNUSABLE',
      message: expect.stringContaining('no shell'),
    });
    await expect(acquire('nowhere', 'docker://127.0.0.1:1/nowhere:1')).rejects.toMatchObject({
      code: 'PLACE_UNUSABLE',
    });
    expect(await everything()).toEqual(before);
    const away = { ...environment, DOCKER_HOST: `unix://${join(folder.path, 'no-socket')}` };
    const request = { run: 'away', platform: 'linux/amd64' };
    await expect(
      executorFor(`docker://${image}`).acquire(request, { environment: away }),
    ).rejects.toMatchObject({
      code: 'PLACE_UNREACHABLE',
    });
  });

  test('the same run with another image is refused', async () => {
    const place = await acquire('other');
    await engine.docker('tag', image, 'armload-test/busybox:2');
    await expect(acquire('other', 'docker://armload-test/busybox:2')).rejects.toMatchObject({
      code: 'PLACE_UNUSABLE',
    });
    await place.release({ discard: true });
  });

  test('an image with a user of its own has a workspace that it may write to', async () => {
    await engine.docker('import', '--change', 'USER 1234:1234', await busyboxRoot(), 'armload-test/user:1');
    const place = await acquire('user', 'docker://armload-test/user:1');
    const { output } = await outcome(place, jobOf('who', 'id -u; echo fine >file; cat file'));
    expect(output).toBe('1234\nfine\n');
    await place.release({ discard: true });
  });

  test('a shared engine is reached from inside, and sees the workspace where it is', async () => {
    const place = await acquire('shared', `docker://${image}?share-engine`);
    const text = '[ -S /var/run/docker.sock ] && echo there; echo from inside >file';
    expect((await outcome(place, jobOf('look', text))).output).toBe('there\n');
    expect(readFileSync(join(place.workspace, 'file'), 'utf8')).toBe('from inside\n');
    const seen = await engine.docker(
      'run',
      '--rm',
      '--volume',
      `${place.workspace}:/seen`,
      image,
      'cat',
      '/seen/file',
    );
    expect(seen).toBe('from inside\n');
    await place.release({ discard: true });
    expect(existsSync(place.workspace)).toBe(false);
    const far = { ...environment, DOCKER_HOST: 'tcp://127.0.0.1:1' };
    const request = { run: 'far', platform: 'linux/amd64' };
    const executor = executorFor(`docker://${image}?share-engine`);
    await expect(executor.acquire(request, { environment: far })).rejects.toMatchObject({
      code: 'PLACE_UNUSABLE',
    });
  });

  test('a way in is named, and works', async () => {
    const place = await acquire('enter');
    expect(place.enter).toBe(`docker exec -it -w ${place.workspace} armload-enter sh`);
    const words = place.enter
      .split(' ')
      .slice(1)
      .filter((word) => word !== '-it');
    expect(await engine.docker(...words, '-c', 'pwd')).toBe(`${place.workspace}\n`);
    await place.release({ discard: true });
  });
});

/** Busybox, and its names. */
async function busyboxRoot(): Promise<string> {
  const file = join(folder.path, 'busybox.tar');
  const script = `set -e; mkdir -p "$1/bin" "$1/tmp" "$1/etc"; cp "$(command -v busybox)" "$1/bin/busybox"
    for name in $(busybox --list); do [ "$name" = busybox ] || ln -sf busybox "$1/bin/$name"; done
    mkdir -p "$1/usr/bin"; ln -sf ../../bin/env "$1/usr/bin/env"; chmod 1777 "$1/tmp"
    echo root:x:0:0:root:/root:/bin/sh >"$1/etc/passwd"; tar -cf "$2" -C "$1" .`;
  await promisify(execFile)('sh', ['-c', script, 'sh', join(folder.path, 'busybox'), file]);
  return file;
}

/** Of clients of ours in a process list that changes while it's read. */
function commandLine(pid: string): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words[0] === 'docker' && words[1] === 'exec' ? words.join(' ') : '';
  } catch {
    return '';
  }
}

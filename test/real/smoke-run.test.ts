import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { smokeImageOf } from '../../src/audit/run/image.test-support.ts';
import { type SmokeImage, smokeRun } from '../../src/audit/run/index.ts';
import { directory, executable, file, printAndExit, symlink, writeElf } from '../../src/fixture/index.ts';
import type { TarMember } from '../../src/tar/index.ts';
import { isEmulated } from '../support/debian-root.ts';
import { canStartDockerEngine, type DockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { hasPrograms, temporaryFolder, unpackDebianPackage } from '../support/real-parts.ts';

const crossLibraries = '/usr/aarch64-linux-gnu/lib';
const [major = 0, minor = 0] = release().split('.').map(Number);
const hasKernel = major > 6 || (major === 6 && minor >= 7);
const available =
  (await hasPrograms('unshare', 'setpriv', 'qemu-aarch64-static', 'apt-get', 'dpkg-deb')) &&
  hasKernel &&
  existsSync(crossLibraries);

const folder = temporaryFolder();
/** Where images are unpacked: empty again after each run. */
let work: string;
const made: string[] = [];
let busybox: Buffer;

beforeAll(async () => {
  if (!available) return;
  const root = await unpackDebianPackage(folder.path, 'busybox-static', 'arm64');
  busybox = readFileSync(join(root, 'bin/busybox'));
});
beforeEach(() => {
  work = freshFolder();
});
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});
afterAll(() => folder.remove());

function freshFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'armload-smoke-test-'));
  made.push(path);
  // Root's images are unpacked for nobody, who has to get there.
  chmodSync(path, 0o755);
  return path;
}

const means = ['user-namespace'] as const;

/** `kill(getpid(), SIGABRT)` and a loop. */
const abort = Buffer.from(
  [0xd280_1588, 0xd400_0001, 0xd280_00c1, 0xd280_1028, 0xd400_0001, 0x1400_0000].flatMap((word) => [
    word & 0xff,
    (word >>> 8) & 0xff,
    (word >>> 16) & 0xff,
    word >>> 24,
  ]),
);

const hello = writeElf({ machine: 'arm64', code: printAndExit('arm64', 'hello from arm64\n') });
const foreign = writeElf({ machine: 'amd64', code: printAndExit('amd64', 'I ran on the host itself\n') });

function library(name: string): TarMember {
  return executable(`lib/${name}`, readFileSync(join(crossLibraries, name)));
}

function imageOf(members: readonly TarMember[], traced: readonly string[] = [], environment: string[] = []) {
  return smokeImageOf(
    { layers: [members], config: { Env: environment } },
    traced.length === 0 ? [] : [traced],
  );
}

function box(...more: TarMember[]): Promise<SmokeImage> {
  const applets = ['sh', 'id', 'ls', 'cat', 'sleep', 'env', 'wget', 'touch', 'ps', 'kill', 'yes'];
  return imageOf(
    [
      executable('bin/busybox', busybox),
      ...applets.map((name) => symlink(`bin/${name}`, 'busybox')),
      ...more,
    ],
    [],
    ['PATH=/bin', 'GREETING=two words', 'LD_PRELOAD='],
  );
}

async function tryOut(image: SmokeImage, commands?: readonly (readonly string[])[], more = {}) {
  const runs = await smokeRun(image, {
    means: means[0],
    timeoutSeconds: 20,
    temporaryFolder: work,
    ...(commands === undefined ? {} : { commands }),
    ...more,
  });
  expect(readdirSync(work)).toEqual([]);
  return runs;
}

async function shell(script: string, ...more: TarMember[]) {
  const [run] = await tryOut(await box(...more), [['sh', '-c', script]]);
  return run;
}

function processesNamed(text: string): string[] {
  return execFileSync('ps', ['-eo', 'pid,args'])
    .toString()
    .split('\n')
    .filter((line) => line.includes(text));
}

describe.skipIf(!available)('a smoke run in namespaces of our own, with QEMU', () => {
  test('an honest program of the entrypoint passes', async () => {
    const runs = await tryOut(await imageOf([executable('app', hello)], ['/app']));
    expect(runs).toEqual([
      expect.objectContaining({
        command: ['/app', '--version'],
        means: 'user-namespace',
        result: 'passed',
        exitCode: 0,
        output: 'hello from arm64',
      }),
    ]);
  });

  test('it is nobody, without rights, network or a writable root, with the environment of the image alone', async () => {
    const run = await shell(
      'id -u; id -g; env; ls /sys /proc/1/root 2>&1; cat /proc/self/status; touch /file /bin/file; touch /tmp/file && echo tmp is ours; cat /proc/net/dev',
    );
    expect(run).toMatchObject({ result: 'passed', output: expect.stringMatching(/^65534\n65534\n/) });
    expect(run?.output).toContain('GREETING=two words');
    expect(run?.output).toContain('tmp is ours');
    expect(run?.output).toMatch(/CapEff:\s+0000000000000000/);
    expect(run?.output).toMatch(/CapBnd/);
    expect(run?.output).toMatch(/NoNewPrivs:\s+1/);
    expect(run?.output).toContain('/file: Read-only file system');
    expect(run?.output).not.toMatch(/eth|en[ps]\d/);
    expect(run?.output).not.toMatch(/^(HOME|USER|HOSTNAME|npm_)/m);
  });

  test("children of a program run too, and those of the host's machine don't", async () => {
    const run = await shell(
      '/app; /bin/ls /app; /foreign; echo "status $?"',
      executable('app', hello),
      executable('foreign', foreign),
    );
    expect(run).toMatchObject({ result: 'failed', why: expect.stringMatching(/exec format error/i) });
    expect(run?.output).toContain('hello from arm64\n/app\n');
    expect(run?.output).not.toContain('I ran on the host itself');
    expect(run?.output).toContain('status 126');
  });

  test("the first process is not the program's, and nothing of the host is seen", async () => {
    const run = await shell('ps; ls /dev; ls -la /proc/1/root/ /proc/1/cwd/');
    expect(run?.output).not.toContain(process.cwd());
    expect(run?.output).toMatch(/\/proc\/1\/(root|cwd).*Permission denied/);
    expect(run?.output).toMatch(/^null$/m);
    expect(run?.output).not.toMatch(/vda|kmsg|mem$/m);
  });

  test("a missing library fails with the loader's words", async () => {
    const app = writeElf({ machine: 'arm64', interpreter: true, needed: ['libmissing.so.1'] });
    const members = [executable('usr/bin/app', app), library('ld-linux-aarch64.so.1'), library('libc.so.6')];
    const [run] = await tryOut(await imageOf(members, ['/usr/bin/app']));
    expect(run).toMatchObject({
      result: 'failed',
      why: expect.stringContaining('libmissing.so.1: cannot open shared object file'),
      exitCode: 127,
    });
  });

  test('a missing loader fails', async () => {
    const app = writeElf({ machine: 'arm64', interpreter: true, needed: ['libc.so.6'] });
    const [run] = await tryOut(await imageOf([executable('app', app)], ['/app']));
    expect(run).toMatchObject({ result: 'failed', why: expect.stringContaining('ld-linux-aarch64.so.1') });
  });

  test('a preloaded library that is missing fails, though the exit code is 0', async () => {
    const app = writeElf({ machine: 'arm64', interpreter: true, needed: ['libc.so.6'] });
    const members = [executable('app', app), library('ld-linux-aarch64.so.1'), library('libc.so.6')];
    const honest = await imageOf(members, ['/app']);
    const [good] = await tryOut(honest);
    expect(good).toMatchObject({ result: 'passed', exitCode: 0 });
    const [run] = await tryOut(
      await imageOf(members, ['/app'], ['LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2']),
    );
    expect(run).toMatchObject({
      result: 'failed',
      why: expect.stringContaining('cannot be preloaded'),
      exitCode: 0,
    });
  });

  test("a preloaded library that the host has is not the host's", async () => {
    const run = await smokeRun(
      await imageOf([executable('app', hello)], ['/app'], ['LD_PRELOAD=/nonexistent.so']),
      {
        means: 'user-namespace',
      },
    );
    // A static program has no loader to complain; a host program with this variable would.
    expect(run).toMatchObject([{ result: 'passed', output: 'hello from arm64' }]);
  });

  test('a program that stays is ended with its children, and passes', async () => {
    const started = performance.now();
    const image = await box();
    const [run] = await tryOut(image, [['sh', '-c', 'sleep 4321 & sleep 4321 & echo up; exec sleep 4321']], {
      timeoutSeconds: 2,
    });
    expect(run).toMatchObject({
      result: 'passed',
      why: expect.stringContaining('still running after 2 s'),
      output: 'up',
    });
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(processesNamed('4321')).toEqual([]);
  });

  test('an abort under emulation is not called a failure', async () => {
    const [run] = await tryOut(
      await imageOf([executable('app', writeElf({ machine: 'arm64', code: abort }))], ['/app']),
    );
    expect(run).toMatchObject({ result: 'emulator-fault', why: expect.stringContaining('signal 6') });
  });

  test('a flood of output is read and not kept', async () => {
    const [run] = await tryOut(await box(), [['yes', 'flood']], { timeoutSeconds: 2 });
    expect(run).toMatchObject({ result: 'passed' });
    expect(run?.output?.length).toBeLessThanOrEqual(4096);
  });

  test('a command that ends badly failed, one that is not there too', async () => {
    const runs = await tryOut(await box(), [
      ['sh', '-c', 'exit 3'],
      ['nothing', 'here'],
      ['sh', '-c', 'exit 0'],
    ]);
    expect(runs).toMatchObject([
      { result: 'failed', exitCode: 3 },
      { result: 'failed', why: 'the image has no program nothing' },
      { result: 'passed', exitCode: 0 },
    ]);
  });

  test('links of the image in the places of mounts lead nowhere', async () => {
    const run = await shell(
      'ls /tmp; touch /tmp/x && echo fine',
      symlink('tmp', '/etc'),
      symlink('dev', '/dev/shm'),
      symlink('proc', '../../..'),
      file('run', 'a file'),
    );
    expect(run).toMatchObject({ result: 'passed', output: 'fine' });
  });

  test("the working directory is the image's, or the root where that is none", async () => {
    const image = (WorkingDir: string) =>
      smokeImageOf({
        layers: [[executable('bin/busybox', busybox), symlink('bin/pwd', 'busybox'), directory('srv/app')]],
        config: { WorkingDir },
      });
    expect(await tryOut(await image('/srv/app'), [['pwd']])).toMatchObject([{ output: '/srv/app' }]);
    expect(await tryOut(await image('/not/there'), [['pwd']])).toMatchObject([{ output: '/' }]);
  });

  test('an abort ends the run with its reason, its processes and its files', async () => {
    const controller = new AbortController();
    const image = await box();
    const running = smokeRun(image, {
      means: 'user-namespace',
      commands: [['sh', '-c', 'sleep 8765 & sleep 8765']],
      temporaryFolder: work,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 3000);
    const thrown = await running.catch((error: unknown) => error);
    expect(thrown).toBe(controller.signal.reason);
    expect(readdirSync(work)).toEqual([]);
    expect(processesNamed('8765')).toEqual([]);
  });

  test("the host's own registrations are left alone, and so are its mounts", async () => {
    const state = () => {
      const registered = '/proc/sys/fs/binfmt_misc';
      const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
      return [
        existsSync(registered) ? readdirSync(registered) : [],
        mounts.filter((line) => /armload|binfmt/.test(line)),
      ];
    };
    const before = state();
    await tryOut(await imageOf([executable('app', hello)], ['/app']));
    expect(state()).toEqual(before);
  });
});

describe.skipIf(!available || process.arch !== 'x64')('a smoke run on the machine itself', () => {
  const own = (code: Uint8Array, environment: string[] = []) =>
    smokeImageOf(
      {
        platform: 'linux/amd64',
        layers: [[executable('app', writeElf({ machine: 'amd64', code }))]],
        config: { Env: environment },
      },
      [['/app']],
    );

  test('a program of its own passes without emulation', async () => {
    const [run] = await smokeRun(await own(printAndExit('amd64', 'hello\n'), ['LD_PRELOAD=/no.so']), {});
    expect(run).toMatchObject({ means: 'native', result: 'passed', output: 'hello' });
  });

  test('a crash is a failure there', async () => {
    const [run] = await smokeRun(await own(Buffer.from([0x0f, 0x0b])), {});
    expect(run).toMatchObject({ means: 'native', result: 'failed', why: expect.stringContaining('SIGILL') });
  });
});

type SmokeOptions = NonNullable<Parameters<typeof smokeRun>[1]>;
const hasEngine = process.arch === 'x64' && (await canStartDockerEngine());

describe.skipIf(!hasEngine)('a smoke run by a Docker engine', () => {
  let engine: DockerEngine;
  beforeAll(async () => {
    engine = await startDockerEngine(join(folder.path, 'docker'));
  });
  afterAll(() => engine.stop());

  const own = (code: Uint8Array, more: readonly TarMember[] = []) =>
    smokeImageOf(
      {
        platform: 'linux/amd64',
        layers: [[executable('app', writeElf({ machine: 'amd64', code })), ...more]],
        config: { Env: ['A=b'] },
      },
      [['/app']],
    );
  const byDocker = (more: SmokeOptions = {}): SmokeOptions => ({
    means: 'docker',
    environment: engine.environment,
    ...more,
  });
  const images = () => engine.docker('image', 'ls', '--all', '--quiet');
  const containers = () => engine.docker('ps', '--all', '--quiet');

  test('a program passes, and nothing is left in the engine', async () => {
    const before = [await images(), await containers()];
    const [run] = await smokeRun(await own(printAndExit('amd64', 'hello\n')), byDocker());
    expect(run).toMatchObject({ means: 'docker', result: 'passed', output: 'hello', exitCode: 0 });
    expect([await images(), await containers()]).toEqual(before);
  });

  test('a program that can not be started fails', async () => {
    const app = writeElf({ machine: 'amd64', interpreter: '/no/loader' });
    const image = await smokeImageOf({ platform: 'linux/amd64', layers: [[executable('app', app)]] }, [
      ['/app'],
    ]);
    const [run] = await smokeRun(image, byDocker());
    expect(run).toMatchObject({
      result: 'failed',
      why: expect.stringContaining('No such file or directory'),
    });
  });

  test('a program that stays is ended and passes', async () => {
    const before = await containers();
    const [run] = await smokeRun(await own(Buffer.from([0xeb, 0xfe])), byDocker({ timeoutSeconds: 3 }));
    expect(run).toMatchObject({ result: 'passed', why: expect.stringContaining('still running') });
    expect(await containers()).toEqual(before);
  });

  test('a crash is a failure', async () => {
    const [run] = await smokeRun(await own(Buffer.from([0x0f, 0x0b])), byDocker());
    expect(run).toMatchObject({ result: 'failed', why: expect.stringContaining('SIGILL') });
  });

  test.skipIf(!isEmulated())('an arm64 image is run by emulation', async () => {
    const [run] = await smokeRun(await imageOf([executable('app', hello)], ['/app']), byDocker());
    expect(run).toMatchObject({ means: 'docker', result: 'passed', output: 'hello from arm64' });
  });

  test('an abort leaves nothing behind', async () => {
    const before = [await images(), await containers()];
    const signal = AbortSignal.timeout(4000);
    const running = smokeRun(await own(Buffer.from([0xeb, 0xfe])), byDocker({ signal }));
    const thrown = await running.catch((error: unknown) => error);
    expect(signal.aborted).toBe(true);
    expect(thrown).toBe(signal.reason);
    expect([await images(), await containers()]).toEqual(before);
  });
});

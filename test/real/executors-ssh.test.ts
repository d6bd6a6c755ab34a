import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
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
import { bootInput, bootText } from '../../src/recipe/executors/protocol/boot.ts';
import { temporaryFolder } from '../support/real-parts.ts';
import { canStartSshServer, type SshServer, startSshServer } from '../support/ssh-server.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe.skipIf(!(await canStartSshServer()))('over ssh', () => {
  let server: SshServer;
  const variable = ['PLACE_VARIABLE', 'of-the-host'] as const;
  const places = join(folder.path, 'places');
  const settings = () => ({ timings: quick, sshOptions: ['-F', server.config] });
  const { PLACE_VARIABLE: _, ...own } = process.env;
  // What runners leave that are killed lies there too.
  const environment = { ...own, TMPDIR: folder.path };
  beforeAll(async () => {
    server = await startSshServer(join(folder.path, 'ssh'), variable);
  });
  afterAll(() => server?.stop());

  describeExecutor('ssh', () => ({
    address: `ssh://${server.host}${places}`,
    settings: settings(),
    environment,
    platform: 'linux/amd64',
    variable,
    isolates: true,
    folder: folder.path,
    randomTries: 8,
  }));

  const acquire = (run: string, more: { sshOptions?: string[]; timings?: object } = {}) =>
    executorFor(`ssh://${server.host}${places}`, { ...settings(), ...more }).acquire(
      { run, platform: 'linux/amd64' },
      { environment },
    );

  const ticks =
    'echo ran >>"$COUNT"; i=0; while [ $i -lt 40 ]; do echo "line $i"; i=$((i+1)); sleep 0.05; done; exit 7';
  const wanted = Array.from({ length: 40 }, (_, at) => `line ${at}\n`).join('');
  const masters = async () => {
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
    return stdout.split('\n').filter((line) => line.includes(server.config));
  };

  test('a connection that drops again and again costs no line, and the job runs once', async () => {
    const place = await acquire('dropped');
    const job = jobOf('dropped', ticks, { environment: { COUNT: 'count' } });
    let lines = 0;
    const chunks: Uint8Array[] = [];
    const end = await place.exec(job, {
      onOutput(chunk) {
        chunks.push(chunk);
        const before = lines;
        lines += chunk.filter((byte) => byte === 0x0a).length;
        // In the middle of it, near its end, and in between.
        if ([3, 18, 36].some((line) => before < line && line <= lines)) server.dropConnections();
      },
    });
    const output = Buffer.concat(chunks).toString();
    expect(end).toMatchObject({ how: 'exited', code: 7, adopted: false });
    expect(output).toBe(wanted);
    expect((await outcome(place, jobOf('count', 'cat count'))).output).toBe('ran\n');
    await place.release({ discard: true });
  });

  test('a job that is aborted while the host is away goes on, and that is told', async () => {
    const warnings: string[] = [];
    const executor = executorFor(`ssh://${server.host}${places}`, {
      ...settings(),
      timings: { ...quick, reconnect: 1 },
    });
    const place = await executor.acquire(
      { run: 'aborted', platform: 'linux/amd64' },
      { environment, onEvent: (event) => event.type === 'warning' && warnings.push(event.message) },
    );
    const controller = new AbortController();
    const running = outcome(place, jobOf('job', 'echo on; sleep 3'), { signal: controller.signal });
    await delay(600);
    await server.pause();
    try {
      await delay(200);
      controller.abort(new Error('enough'));
      await expect(running).rejects.toThrow('enough');
      expect(warnings.join()).toContain('job job may go on');
    } finally {
      await server.resume();
    }
    await place.release({ discard: true });
  });

  test('a client that is killed is replaced', async () => {
    const place = await acquire('killed-master');
    const running = outcome(place, jobOf('job', ticks, { environment: { COUNT: 'count' } }));
    await delay(600);
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid,args']);
    const own = stdout
      .split('\n')
      .filter((line) => line.includes(server.config) && line.includes('ControlMaster=yes'));
    expect(own.length).toBeGreaterThan(0);
    for (const line of own) process.kill(Number.parseInt(line, 10), 'SIGKILL');
    const { end, output } = await running;
    expect(end).toMatchObject({ how: 'exited', code: 7 });
    expect(output).toBe(wanted);
    await place.release({ discard: true });
  });

  test('a host that stays away is lost, and the job is found when it is back', async () => {
    const place = await acquire('away', { timings: { ...quick, reconnect: 1 } });
    const job = jobOf('job', ticks, { environment: { COUNT: 'count' } });
    const running = outcome(place, job);
    await delay(600);
    await server.pause();
    try {
      await expect(running).rejects.toMatchObject({ code: 'PLACE_LOST' });
    } finally {
      await server.resume();
    }
    await place.release({ discard: false });
    const again = await acquire('away');
    const { end, output } = await outcome(again, job);
    expect(end).toMatchObject({ how: 'exited', code: 7, adopted: true });
    expect(output).toBe(wanted);
    expect((await outcome(again, jobOf('count', 'cat count'))).output).toBe('ran\n');
    await again.release({ discard: true });
  });

  test('a file is read on where the connection dropped', async () => {
    const place = await acquire('files');
    await outcome(place, jobOf('make', 'head -c 40000000 /dev/urandom >file; cksum <file >sum'));
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of place.get('file', {})) {
      if (size < 10_000_000 && size + chunk.length >= 10_000_000) server.dropConnections();
      size += chunk.length;
      chunks.push(chunk);
    }
    expect(size).toBe(40_000_000);
    await place.put(
      'copy',
      (async function* () {
        yield* chunks;
      })(),
      {},
    );
    expect(
      (await outcome(place, jobOf('same', 'cmp file copy && cksum <copy | cmp - sum && echo same'))).output,
    ).toBe('same\n');
    await place.release({ discard: true });
  });

  test('an unknown host key, a changed one and a key that is not let in are told, with what to do', async () => {
    const withConfig = async (name: string, change: (text: string) => string) => {
      const file = join(folder.path, name);
      writeFileSync(file, change(readFileSync(server.config, 'utf8')));
      return acquire('refused', { sshOptions: ['-F', file] }).catch((error: unknown) => error);
    };
    const none = join(folder.path, 'none');
    writeFileSync(none, '');
    const unknown = (text: string) =>
      text.replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${none}\n  GlobalKnownHostsFile ${none}`);
    expect(await withConfig('unknown', unknown)).toMatchObject({
      code: 'PLACE_UNREACHABLE',
      hint: expect.stringContaining('ssh-keyscan'),
    });
    const other = join(folder.path, 'other-hosts');
    const key = readFileSync(join(folder.path, 'ssh/user-key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(other, `[127.0.0.1]:${server.port} ${key}\n`);
    const changed = (text: string) => text.replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${other}`);
    expect(await withConfig('changed', changed)).toMatchObject({
      code: 'PLACE_UNREACHABLE',
      message: expect.stringContaining('another'),
    });
    const noKey = (text: string) =>
      text.replace(/IdentityFile .*/, `IdentityFile ${join(folder.path, 'ssh/host-key')}`);
    expect(await withConfig('no-key', noKey)).toMatchObject({
      code: 'PLACE_UNREACHABLE',
      message: expect.stringContaining('does not let us in'),
    });
    const noHost = (text: string) => text.replace(/Port .*/, 'Port 1');
    expect(await withConfig('no-host', noHost)).toMatchObject({
      code: 'PLACE_UNREACHABLE',
      message: expect.stringContaining('refused'),
    });
  });

  test('a login shell that prints something of its own is told', async () => {
    const key = join(folder.path, 'noisy-key');
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const forced = `command="echo welcome; eval \\"$SSH_ORIGINAL_COMMAND\\""`;
    appendFileSync(join(folder.path, 'ssh/authorized'), `${forced} ${readFileSync(`${key}.pub`, 'utf8')}`);
    const file = join(folder.path, 'noisy');
    writeFileSync(
      file,
      readFileSync(server.config, 'utf8').replace(/IdentityFile .*/, `IdentityFile ${key}`),
    );
    await expect(acquire('noisy', { sshOptions: ['-F', file] })).rejects.toMatchObject({
      code: 'PLACE_UNUSABLE',
      message: expect.stringContaining('welcome'),
    });
  });

  test('a renewed connection is another one, and the place is the same', async () => {
    const place = await acquire('renewed');
    const connection = async (id: string) =>
      (await outcome(place, jobOf(id, 'echo "$SSH_CONNECTION"', { pass: ['SSH_CONNECTION'] }))).output;
    const before = await connection('before');
    expect(await connection('still')).toBe(before);
    await place.renew?.({});
    expect(await connection('after')).not.toBe(before);
    await place.release({ discard: true });
  });

  test('a way in is named, and works', async () => {
    const place = await acquire('enter');
    expect(place.enter).toBe(`ssh -t ${server.host} 'cd ${place.workspace} && exec "$SHELL" -l'`);
    const command = place.enter
      .replace(/^ssh -t/, `ssh -F ${server.config}`)
      .replace('exec "$SHELL" -l', 'pwd');
    const { stdout } = await promisify(execFile)('sh', ['-c', command]);
    expect(stdout).toBe(`${place.workspace}\n`);
    await place.release({ discard: true });
  });

  test('a login shell of another kind is no obstacle', async () => {
    // Programs get one argument, as a login shell does: here all of them are asked to read our command.
    const text = bootText({});
    for (const shell of ['dash', 'bash', 'busybox sh', 'zsh', 'fish', 'tcsh'].filter(isInstalled)) {
      const [program = '', ...words] = shell.split(' ');
      const child = promisify(execFile)(program, [...words, '-c', text]);
      child.child.stdin?.end(`${bootInput({ script: 'echo "$1-$(cat)"', words: ["it's"] })}rest`);
      expect((await child).stdout).toBe("it's-rest\n");
    }
  });

  test('no client is left when all places are given back', async () => {
    const place = await acquire('last');
    expect((await masters()).length).toBeGreaterThan(0);
    await place.release({ discard: true });
    expect(await masters()).toEqual([]);
  });
});

function isInstalled(command: string): boolean {
  const program = command.split(' ')[0] ?? '';
  return (process.env['PATH'] ?? '').split(':').some((one) => existsSync(join(one, program)));
}

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scanResultSchema } from '../../src/results/index.ts';
import { finished, runCommand, startCommand } from '../support/command.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-e2e-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A registry that takes connections and never says a word. */
async function silentServer(): Promise<{ server: Server; port: number; contacted: Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  const contacted = new Promise<void>((resolve) => {
    server.on('connection', (socket) => {
      sockets.add(socket.on('error', () => {}));
      resolve();
    });
  });
  server.on('close', () => {
    for (const socket of sockets) socket.destroy();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, port: (server.address() as AddressInfo).port, contacted };
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a waiting scan with 130 and a word, and no result',
  async (signal) => {
    const { server, port, contacted } = await silentServer();
    try {
      const child = startCommand(['scan', `127.0.0.1:${port}/app:1`, '--output', 'report.json'], {
        cwd: directory,
      });
      const end = finished(child);
      await contacted;
      child.kill(signal);
      const { code, stdout, stderr } = await end;
      expect([code, stdout]).toEqual([130, '']);
      expect(stderr).toContain('armload: interrupted; no result was written');
      expect(await readdir(directory)).not.toContain('report.json');
    } finally {
      server.close();
    }
  },
);

test('a reader that goes away is no reason for a stack trace', async () => {
  await writeFile(join(directory, 'images.txt'), 'nginx:1.27\nredis:7\n');
  const child = startCommand(['scan', 'images.txt', '--offline'], { cwd: directory });
  child.stdout?.destroy();
  const { code, stderr } = await finished(child);
  expect(code).toBe(2);
  expect(stderr).not.toMatch(/EPIPE|bug|at .*:\d+:\d+/);
});

test('--help does not care for its reader either', async () => {
  const child = startCommand(['--help']);
  child.stdout?.destroy();
  expect(await finished(child)).toMatchObject({ code: 0, stderr: '' });
});

test('field 23, field 24: offline and without a cache, an image is unknown: 2, and JSON says why', async () => {
  const { code, stdout, stderr } = await runCommand(['scan', 'nginx:1.27', '--offline', '--format', 'json'], {
    cwd: directory,
  });
  expect([code, stderr]).toEqual([2, '']);
  expect(scanResultSchema.parse(JSON.parse(stdout)).images).toMatchObject([
    { reference: 'docker.io/library/nginx:1.27', readiness: { state: 'unknown', reason: 'offline' } },
  ]);
});

test('stdin is read where "-" stands, and its lines are named', async () => {
  const deployment = [
    'apiVersion: v1',
    'kind: Pod',
    'metadata: {name: web}',
    'spec:',
    '  containers:',
    '  - {name: app, image: "nginx:1.27"}',
    '',
  ].join('\n');
  const { code, stdout } = await runCommand(['scan', '-', '--offline'], {
    cwd: directory,
    stdin: deployment,
  });
  expect(code).toBe(2);
  expect(stdout).toContain('docker.io/library/nginx:1.27');
  expect(stdout).toContain('stdin:6');
});

test('--output writes the file, keeps stdout empty, and says on stderr what came out', async () => {
  const { code, stdout, stderr } = await runCommand(
    ['scan', 'nginx:1.27', '--offline', '--format', 'json', '--output', 'report.json'],
    { cwd: directory },
  );
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^armload: wrote report\.json: 1 image: 1 unknown · exit 2: /);
  const document: unknown = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8'));
  expect(scanResultSchema.safeParse(document).success).toBe(true);
});

test('field 23: a result that has nowhere to go is 3, before any registry is asked', async () => {
  const { code, stderr } = await runCommand(['scan', 'nginx:1.27', '--output', 'none/report.json'], {
    cwd: directory,
  });
  expect(code).toBe(3);
  expect(stderr).toContain('can\'t write the result to "none/report.json"');
});

test.each([
  ['a path that is not there', ['scan', './none.yaml']],
  ['a file name that is not there', ['scan', 'none.yaml']],
  ['a text that is no reference', ['scan', 'Nginx:1:2']],
  ['a bad platform', ['scan', 'nginx', '--platform', 'linux/amr64']],
  ['a bad format', ['scan', 'nginx', '--format', 'xml']],
  ['a configuration that is not there', ['scan', 'nginx', '--config', 'none.yaml']],
])('field 23: %s is 3, with one sentence', async (_name, args) => {
  const { code, stdout, stderr } = await runCommand([...args, '--offline'], { cwd: directory });
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toMatch(/^armload: [^\n]+\n( {2}[^\n]+\n)?$/);
});

test('a folder without images proves nothing, and says so', async () => {
  const { code, stdout, stderr } = await runCommand(['scan'], { cwd: directory });
  expect(code).toBe(0);
  expect(stdout).toContain('no image was found');
  expect(stderr).toContain('no image reference was found');
});

test('the configuration of the folder counts', async () => {
  await writeFile(
    join(directory, 'armload.yaml'),
    'format: json\nscan: {offline: true, failOn: [unknown]}\n',
  );
  const { code, stdout } = await runCommand(['scan', 'nginx:1.27'], { cwd: directory });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1 });
});

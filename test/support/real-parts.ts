import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Are these programs here? In CI a missing one is an error; elsewhere the tests are skipped, visibly. */
export async function hasPrograms(...names: readonly string[]): Promise<boolean> {
  const missing: string[] = [];
  for (const name of names) {
    await run('sh', ['-c', `command -v ${name}`]).catch(() => missing.push(name));
  }
  if (missing.length > 0 && process.env['CI']) throw new Error(`not installed: ${missing.join(', ')}`);
  return missing.length === 0;
}

export async function exec(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, [...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** The same, started in a folder. */
export async function execIn(folder: string, program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, [...args], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command. The environment is the given one plus PATH: nothing of this machine's configuration. */
export async function armload(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...options.env },
  });
  child.stdin.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? -1));
  });
  return { code, stdout, stderr };
}

/** What of this machine's configuration npm itself would go by. */
export function npmEnvironment(): Record<string, string> {
  const keys = ['HOME', 'NODE_EXTRA_CA_CERTS', 'npm_config_registry'];
  const proxies = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'];
  return Object.fromEntries(
    [...keys, ...proxies].flatMap((key) => {
      const value = process.env[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** An empty folder. Its name has no capitals: buildah takes paths for image names, which have none. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = join(tmpdir(), `armload-real-${randomUUID()}`);
  mkdirSync(path, { mode: 0o700 });
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export interface RunningProgram {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  stop(): Promise<void>;
}

/** Starts Debian's docker-registry over a folder, with htpasswd if a file is given. */
export async function startDockerRegistry(folder: string, htpasswd?: string): Promise<RunningProgram> {
  const port = await freePort();
  mkdirSync(join(folder, 'data'), { recursive: true });
  const auth = htpasswd === undefined ? '' : `auth:\n  htpasswd:\n    realm: test\n    path: ${htpasswd}\n`;
  const config = `version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: ${folder}/data\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:${port}\n${auth}`;
  const file = join(folder, `registry-${port}.yml`);
  writeFileSync(file, config);
  const child = spawn('docker-registry', ['serve', file], { stdio: 'ignore' });
  const host = `127.0.0.1:${port}`;
  await untilAnswers(`http://${host}/v2/`, child.exitCode);
  return {
    host,
    stop: () =>
      new Promise((resolve) => {
        child.on('exit', () => resolve());
        child.kill();
      }),
  };
}

async function untilAnswers(url: string, exitCode: number | null): Promise<void> {
  for (let attempt = 0; attempt < 100 && exitCode === null; attempt += 1) {
    const answered = await fetch(url).then(
      (response) => response.status < 500,
      () => false,
    );
    if (answered) return;
    await delay(100);
  }
  throw new Error(`${url} does not answer`);
}

/** Downloads Debian packages of an architecture with apt, in a state of its own, and unpacks them. Returns the root. */
export async function unpackDebianPackage(
  folder: string,
  names: string | readonly string[],
  architecture: 'amd64' | 'arm64',
): Promise<string> {
  const wanted = typeof names === 'string' ? [names] : names;
  const state = join(folder, `apt-${architecture}`);
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(state, part), { recursive: true });
  const status = join(state, 'status');
  writeFileSync(status, '');
  const options = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    `Dir::State=${state}`,
    `Dir::State::lists=${state}/lists`,
    `Dir::State::status=${status}`,
    `Dir::Cache=${state}/cache`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  await run('apt-get', [...options, '-qq', 'update'], { maxBuffer: 64 * 1024 * 1024 });
  const target = join(folder, `${wanted.join('-')}-${architecture}`);
  mkdirSync(target);
  await run('apt-get', [...options, '-qq', 'download', ...wanted], {
    cwd: target,
    maxBuffer: 64 * 1024 * 1024,
  });
  await run('sh', ['-ec', 'for package in ./*.deb; do dpkg-deb -x "$package" root; done'], { cwd: target });
  return join(target, 'root');
}

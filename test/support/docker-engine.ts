import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exec, hasPrograms } from './real-parts.ts';

/** Debian's client, which is as old as its engine; a newer one may come first on the path. */
const clientFolder = '/usr/bin';
const startSeconds = 60;
/** Containers that run when the engine is stopped get ten of them. */
const stopSeconds = 40;

/** A Docker engine of a test's own. */
export interface DockerEngine {
  /** What programs need to find it: `DOCKER_HOST`, and a `PATH` on which Debian's client comes first. */
  readonly environment: Readonly<Record<'PATH' | 'DOCKER_HOST' | 'DOCKER_CONFIG', string>>;
  /**
   * Runs the client and gives what it writes to standard output. Registries on 127.0.0.1 need no TLS. There is no bridge:
   * containers have no network, or with `--network host` this machine's.
   */
  docker(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Can an engine be started here? In CI it must; elsewhere the tests are skipped, visibly. */
export async function canStartDockerEngine(): Promise<boolean> {
  return (await hasPrograms('dockerd', `${clientFolder}/docker`)) && process.getuid?.() === 0;
}

/** Starts Debian's `dockerd` with all its state below a folder, which has to have a short path: sockets lie in it. */
export async function startDockerEngine(folder: string): Promise<DockerEngine> {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'log');
  const host = `unix://${join(folder, 'socket')}`;
  const descriptor = openSync(log, 'w');
  const child = spawn('dockerd', optionsOf(folder, host), { stdio: ['ignore', descriptor, descriptor] });
  closeSync(descriptor);
  const environment = {
    PATH: [clientFolder, process.env['PATH'] ?? ''].join(delimiter),
    DOCKER_HOST: host,
    // Nobody's credentials.
    DOCKER_CONFIG: join(folder, 'client'),
  };
  const engine: DockerEngine = {
    environment,
    docker: (...args) => {
      const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
      return exec('env', ...variables, join(clientFolder, 'docker'), ...args);
    },
    stop: () => stop(child, folder),
  };
  try {
    await untilAnswers(engine, child);
    return engine;
  } catch (error) {
    const text = readFileSync(log, 'utf8').slice(-2000);
    await stop(child, folder);
    throw new Error(`dockerd does not start: ${text}`, { cause: error });
  }
}

/** The storage driver is left to it: overlay2, or vfs on a file system that carries no overlay. */
function optionsOf(folder: string, host: string): readonly string[] {
  return [
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'pid'), '--host', host],
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--log-level=warn'],
  ];
}

async function untilAnswers(engine: DockerEngine, child: ChildProcess): Promise<void> {
  let failure: unknown;
  child.once('error', (error) => {
    failure = error;
  });
  for (let attempt = 0; attempt < startSeconds * 5; attempt += 1) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`dockerd ended with ${child.exitCode}`);
    const answers = await engine.docker('version').then(
      () => true,
      () => false,
    );
    if (answers) return;
    await delay(200);
  }
  throw new Error(`dockerd does not answer for ${startSeconds} s`);
}

/** It ends its containers and its containerd; what it leaves mounted goes with its files. */
async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const timer = setTimeout(() => child.kill('SIGKILL'), stopSeconds * 1000);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
  }
  for (const mount of mountsBelow(folder)) await exec('umount', '--lazy', mount);
  rmSync(folder, { recursive: true, force: true });
}

/** Innermost first. */
function mountsBelow(folder: string): readonly string[] {
  const table = '/proc/self/mounts';
  if (!existsSync(table)) return [];
  return readFileSync(table, 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();
}

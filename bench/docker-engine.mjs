// Debian's dockerd with all its state in a folder, for builds and pushes to registries on 127.0.0.1.
import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
/** Debian's client, as old as its engine; a newer one may come first on the path. */
const client = '/usr/bin/docker';

/** The folder's path has to be short: sockets lie in it. */
export async function startDockerEngine(folder) {
  mkdirSync(folder, { recursive: true });
  const host = `unix://${join(folder, 'socket')}`;
  const log = join(folder, 'log');
  const descriptor = openSync(log, 'w');
  const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const network = ['--bridge=none', '--iptables=false', '--ip6tables=false'];
  const options = [...places, ...network, '--pidfile', join(folder, 'pid'), '--host', host];
  const child = spawn('dockerd', options, { stdio: ['ignore', descriptor, descriptor] });
  closeSync(descriptor);
  const ended = new Promise((resolve) => child.once('close', resolve));
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    DOCKER_HOST: host,
    DOCKER_BUILDKIT: '1',
    BUILDKIT_PROGRESS: 'plain',
  };
  const docker = (args, options) =>
    execute(client, args, { env, maxBuffer: 256 * 1024 * 1024, ...options }).then(({ stdout }) => stdout);
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt += 1) {
    if (
      await docker(['version']).then(
        () => true,
        () => false,
      )
    )
      return { client, env, docker, stop };
    await delay(200);
  }
  const said = readFileSync(log, 'utf8').slice(-2000);
  await stop();
  throw new Error(`dockerd does not answer: ${said}`);
}

import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { IstioWorld } from './istio-world.ts';
import { exec, hasPrograms } from './real-parts.ts';
import { canStartSshServer, type SshServer, startSshServerFor } from './ssh-server.ts';

/** Milliseconds. */
const pause = 20;
const patience = 20_000;

/** A host where the recipe of Istio is done as a user of its own, who may use the world's engine. */
export interface IstioHost {
  readonly user: string;
  /** `ssh://USER@ADDRESS:PORT`: workspaces are made where the user's state is. */
  readonly address: string;
  /** The folder of those workspaces. */
  readonly places: string;
  readonly server: SshServer;
  /** For the command here: nothing of it is meant for the host. */
  readonly environment: Readonly<Record<string, string>>;
  /** The clients that hold a connection to it. */
  masters(): readonly number[];
  /** Kills those, and waits until another one holds. */
  replaceMasters(): Promise<void>;
  remove(): Promise<void>;
}

/** Can such a host be made here? In CI it must; elsewhere the tests are skipped, visibly. */
export async function canMakeIstioHost(): Promise<boolean> {
  return (await hasPrograms('useradd', 'userdel', 'chown')) && (await canStartSshServer());
}

/** Makes a user, whose home is below a folder that others may pass through, and an sshd that lets the user in. */
export async function makeIstioHost(folder: string, world: IstioWorld): Promise<IstioHost> {
  const user = `armload-test-${process.pid}`;
  const home = join(folder, 'home');
  mkdirSync(folder, { recursive: true });
  // Debian's engine hands its socket to the group docker.
  const words = ['--create-home', '--home-dir', home, '--shell', '/bin/bash', '--groups', 'docker'];
  // No password is that one's; without any, sshd takes the account for a locked one.
  await exec('useradd', ...words, '--password', '*', user);
  try {
    await furnish({ home, user }, world);
    const server = await startSshServerFor(join(folder, 'ssh'), { name: user, home });
    return host({ folder, user, home, server }, world);
  } catch (error) {
    await exec('userdel', '--force', user);
    throw error;
  }
}

/** What a person has at home who builds there: where programs and the engine are, and what git and go keep. */
async function furnish(
  { home, user }: { readonly home: string; readonly user: string },
  { standIns, engine, programs }: IstioWorld,
): Promise<void> {
  mkdirSync(join(home, '.ssh'));
  const { DOCKER_HOST, DOCKER_CONFIG, PATH } = engine.environment;
  writeFileSync(
    join(home, '.ssh/environment'),
    `PATH=${programs.folder}:${PATH}\nDOCKER_HOST=${DOCKER_HOST}\n`,
  );
  // Since 2.38.2, git serves nobody what belongs to others unless it's told to.
  const rewritten = readFileSync(join(standIns.home, '.gitconfig'), 'utf8');
  writeFileSync(join(home, '.gitconfig'), `${rewritten}[safe]\n\tdirectory = *\n`);
  const plugins = join(DOCKER_CONFIG, 'cli-plugins');
  if (existsSync(plugins)) cpSync(plugins, join(home, '.docker/cli-plugins'), { recursive: true });
  const cache = '.cache/go-build';
  if (existsSync(join(standIns.home, cache)))
    cpSync(join(standIns.home, cache), join(home, cache), { recursive: true });
  await exec('chown', '--recursive', `${user}:`, home);
  programs.share();
}

function host(
  parts: {
    readonly folder: string;
    readonly user: string;
    readonly home: string;
    readonly server: SshServer;
  },
  world: IstioWorld,
): IstioHost {
  const { folder, user, home, server } = parts;
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  // The command takes the person's own configuration, which is not to be touched.
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F '${server.config}' "$@"\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  const masters = () => clientsOf(server.config);
  return {
    ...{ user, server, masters },
    address: `ssh://${user}@127.0.0.1:${server.port}`,
    places: join(home, '.local/state/armload/places'),
    // The engine is the host's affair.
    environment: { PATH: `${bin}:${world.engine.environment.PATH}`, DOCKER_HOST: 'unix:///nowhere' },
    async replaceMasters() {
      const old = masters();
      if (old.length === 0) throw new Error('nothing holds a connection');
      for (const pid of old) process.kill(pid, 'SIGKILL');
      for (let waited = 0; !masters().some((pid) => !old.includes(pid)); waited += pause) {
        if (waited > patience) throw new Error('no other connection is made');
        await delay(pause);
      }
    },
    async remove() {
      await server.stop();
      await exec('userdel', '--force', user);
    },
  };
}

/** The ids of the processes that are ssh with that configuration, and hold a connection for others. */
function clientsOf(config: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const words = wordsOf(pid);
      return words[0] === '/usr/bin/ssh' && words.includes(config) && words.includes('ControlMaster=yes');
    })
    .map(Number);
}

function wordsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // It ended meanwhile.
    return [];
  }
}

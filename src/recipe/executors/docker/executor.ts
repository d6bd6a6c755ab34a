import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ExecutorError } from '../errors.ts';
import { quote } from '../protocol/quote.ts';
import { ShellPlace } from '../protocol/shell-place.ts';
import type { Timings } from '../protocol/timings.ts';
import type { Executor, ExecutorOptions, Place, PlaceRequest } from '../types.ts';
import { readDockerAddress } from './address.ts';
import { type Client, explainDocker, runClient } from './client.ts';
import { type ContainerPlan, containerName, removeContainer, volumeName } from './container.ts';
import { DockerTransport } from './transport.ts';

export interface DockerSettings {
  readonly timings?: Partial<Timings> | undefined;
}

/** Where workspaces are in a container that has them in a volume. */
const volumeRoot = '/armload';

/**
 * A container of the Docker engine that the user's client leads to: `docker://IMAGE[?share-engine]`. It's of the
 * platform that is asked for, and stays until the place is discarded.
 * @throws UsageError for another address
 */
export function dockerExecutor(address: string, { timings }: DockerSettings): Executor {
  const { image, shareEngine } = readDockerAddress(address);
  return {
    name: 'docker',
    address,
    async acquire({ run, platform }: PlaceRequest, options: ExecutorOptions): Promise<Place> {
      const { environment, onEvent, signal } = options;
      const mounts = shareEngine
        ? await sharedMounts({ environment, signal }, run)
        : {
            root: volumeRoot,
            words: ['--mount', `type=volume,source=${volumeName(run)},target=${volumeRoot}`],
          };
      const plan: ContainerPlan = {
        run,
        image,
        platform,
        shareEngine,
        root: mounts.root,
        mounts: mounts.words,
      };
      return ShellPlace.open({
        transport: new DockerTransport(plan, environment),
        run,
        root: mounts.root,
        enter: (workspace) => `docker exec -it -w ${quote(workspace)} ${containerName(run)} sh`,
        discard: (call) => discard({ environment, signal: call.signal }, plan),
        ...{ timings, onEvent, signal },
      });
    },
  };
}

interface Mounts {
  readonly root: string;
  readonly words: readonly string[];
}

/**
 * The engine's socket, and a folder of this machine at its own path: what a step asks the engine to mount, the engine
 * looks for on its own machine.
 * @throws ExecutorError where the engine is on another machine
 */
async function sharedMounts(client: Client, run: string): Promise<Mounts> {
  const { environment } = client;
  const socket = /^unix:\/\/(\/.+)$/.exec(await engineAddress(client))?.[1];
  if (socket === undefined)
    throw new ExecutorError('PLACE_UNUSABLE', 'only an engine of this machine can be shared with steps', {
      hint: 'leave ?share-engine out, or use a Docker engine that listens on a socket here',
    });
  const state = environment['XDG_STATE_HOME'] ?? join(environment['HOME'] ?? homedir(), '.local/state');
  const root = join(state, 'armload', 'containers', containerName(run));
  if (/[,"\n]/.test(root + socket))
    throw new ExecutorError('PLACE_UNUSABLE', `the folder ${root} has a name that Docker can't mount`);
  await mkdir(root, { recursive: true });
  const bind = (from: string, to: string) => ['--mount', `type=bind,source=${from},target=${to}`];
  return { root, words: [...bind(root, root), ...bind(socket, '/var/run/docker.sock')] };
}

/** As the client finds it: its environment, or its context. */
async function engineAddress(client: Client): Promise<string> {
  const { DOCKER_HOST } = client.environment;
  if (DOCKER_HOST !== undefined && DOCKER_HOST !== '') return DOCKER_HOST;
  const result = await runClient(client, ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']);
  if (result.code !== 0) throw explainDocker('the Docker context', result).error;
  return result.stdout.trim();
}

/** What a container's root wrote to a folder of this machine, only a container's root may take away. */
async function discard(client: Client, plan: ContainerPlan): Promise<void> {
  if (plan.shareEngine) {
    const empty = 'cd "$1" && rm -rf ./* ./.[!.]* ./..?*';
    await runClient(client, [
      'exec',
      '--user',
      '0:0',
      containerName(plan.run),
      'sh',
      '-c',
      empty,
      'sh',
      plan.root,
    ]);
  }
  await removeContainer(client, plan.run);
  if (plan.shareEngine) await rm(plan.root, { recursive: true, force: true });
}

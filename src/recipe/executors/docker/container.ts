import { createHash } from 'node:crypto';
import { ExecutorError } from '../errors.ts';
import type { CallEnd } from '../protocol/transport.ts';
import { type Client, type ClientResult, explainDocker, runClient } from './client.ts';

/** What a container is made with, and known again by. */
export interface ContainerPlan {
  readonly run: string;
  readonly image: string;
  readonly platform: string;
  /** `docker run`'s words for what is mounted. */
  readonly mounts: readonly string[];
  /** The folder that workspaces are below, in the container. */
  readonly root: string;
  readonly shareEngine: boolean;
}

/**
 * Its first process, which does nothing; what others leave it takes in, where the engine brings no init of its own.
 */
const idle = 'trap "exit 0" TERM; while :; do sleep 3600 & wait; done';

/** The same run has the same container. */
export function containerName(run: string): string {
  const plain = /^[a-z0-9][a-z0-9.-]{0,100}$/.test(run);
  return `armload-${plain ? run : createHash('sha256').update(run).digest('hex').slice(0, 24)}`;
}

export function volumeName(run: string): string {
  return `${containerName(run)}-workspace`;
}

/**
 * Finds the run's container or makes it, and sees to it that it runs.
 * @throws ExecutorError; the signal's reason
 */
export async function provideContainer(client: Client, plan: ContainerPlan): Promise<void> {
  const name = containerName(plan.run);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const state = await inspect(client, name);
    if (state !== undefined) return resume(client, plan, state);
    const result = await create(client, plan);
    if (result.code === 0) return own(client, plan);
    // Another process may make it at the same moment.
    if (!/is already in use/.test(result.stderr)) throw await failed(client, plan, result);
  }
  throw new ExecutorError('PLACE_UNUSABLE', `the container ${name} comes and goes`);
}

interface State {
  readonly running: boolean;
  readonly described: string;
}

/** Nothing where there is no such container. */
async function inspect(client: Client, name: string): Promise<State | undefined> {
  const format = '{{.State.Running}} {{index .Config.Labels "armload.made-for"}}';
  const result = await runClient(client, ['container', 'inspect', '--format', format, name]);
  if (result.code === 0) {
    const [running, described = ''] = result.stdout.trim().split(' ');
    return { running: running === 'true', described };
  }
  if (/no such container/i.test(result.stderr)) return undefined;
  throw explainDocker('the Docker engine', result).error;
}

/** Of what the container was made for: another image or platform wants another container. */
function description({ image, platform, shareEngine, root }: ContainerPlan): string {
  return createHash('sha256')
    .update(JSON.stringify([image, platform, shareEngine, root]))
    .digest('hex');
}

async function resume(client: Client, plan: ContainerPlan, state: State): Promise<void> {
  const name = containerName(plan.run);
  if (state.described !== description(plan))
    throw new ExecutorError(
      'PLACE_UNUSABLE',
      `the container ${name} was made for another image or platform`,
      {
        hint: `take it away (docker rm --force ${name}) if nobody needs it, or begin another run`,
      },
    );
  if (state.running) return;
  const result = await runClient(client, ['container', 'start', name]);
  if (result.code !== 0) throw explainDocker(`the container ${name} can't be started again`, result).error;
}

async function create(client: Client, plan: ContainerPlan): Promise<ClientResult> {
  const name = containerName(plan.run);
  const words = (init: readonly string[]) => [
    ...['container', 'run', '--detach', '--name', name, '--hostname', 'armload', '--platform', plan.platform],
    ...['--label', `armload.run=${plan.run}`, '--label', `armload.made-for=${description(plan)}`],
    ...init,
    ...plan.mounts,
    ...['--workdir', '/', '--entrypoint', 'sh', plan.image, '-c', idle],
  ];
  const result = await runClient(client, words(['--init']));
  // Some engines come without the small first process.
  if (result.code === 0 || !/docker-init/.test(result.stderr)) return result;
  await runClient(client, ['container', 'rm', '--force', name]);
  return runClient(client, words([]));
}

/**
 * Sees whether it has a shell. Volumes are root's, and the image may have another user: it's made the volume's owner.
 */
async function own(client: Client, plan: ContainerPlan): Promise<void> {
  const name = containerName(plan.run);
  const who = await runClient(client, ['exec', name, 'sh', '-c', 'echo "$(id -u):$(id -g)"']);
  if (who.code !== 0) {
    // Where it ended at once, its first process says why.
    const logs = await runClient(client, ['container', 'logs', name]);
    throw await failed(client, plan, { ...who, stderr: `${logs.stderr}\n${who.stderr}` });
  }
  const owner = who.stdout.trim();
  if (plan.shareEngine || !/^\d+:\d+$/.test(owner) || owner.startsWith('0:')) return;
  const result = await runClient(client, ['exec', '--user', '0:0', name, 'chown', owner, plan.root]);
  if (result.code !== 0) throw await failed(client, plan, result);
}

/** What could not be made whole is taken away again. */
async function failed(client: Client, plan: ContainerPlan, end: CallEnd): Promise<ExecutorError> {
  const { error } = explainDocker(`no container of ${plan.image} for ${plan.platform}`, end);
  await removeContainer({ environment: client.environment }, plan.run).catch(() => undefined);
  return error;
}

/** Takes the container and its volume away. @throws ExecutorError */
export async function removeContainer(client: Client, run: string): Promise<void> {
  for (const words of [
    ['container', 'rm', '--force', '--volumes', containerName(run)],
    ['volume', 'rm', '--force', volumeName(run)],
  ]) {
    const result = await runClient(client, words);
    if (result.code !== 0 && !/no such (container|volume)/i.test(result.stderr))
      throw explainDocker(`the container of run ${run} can't be taken away`, result).error;
  }
}

import { randomBytes } from 'node:crypto';
import { formatPlatform } from '../../../oci/index.ts';
import { findHostProgram, type ProcessResult, runHostProcess } from '../host-process.ts';
import { MeansError } from '../means-error.ts';
import type { Check, Ending, Means, Outcome, ProgramCall, Runner, Site } from '../types.ts';

/** For the engine's answers, and for handing it an image's files. */
const answerSeconds = 20;
const importSeconds = 900;

/** A Docker engine, which may emulate. The image is handed to it as files; nothing is pulled. */
export const docker: Means = {
  name: 'docker',
  async check(site): Promise<Check> {
    for (const name of ['docker', 'tar'])
      if (findHostProgram(site.environment, name) === undefined)
        return { ok: false, why: `${name} is not installed` };
    const format = '{{.Server.Os}}/{{.Server.Arch}}';
    const result = await runDocker(site, ['version', '--format', format], answerSeconds);
    const answer = /^([a-z0-9]+)\/([a-z0-9]+)$/.exec(result.stdout.trim());
    if (result.code !== 0 || answer === null)
      return { ok: false, why: `no Docker engine answers: ${lastLine(result)}` };
    if (answer[1] !== 'linux') return { ok: false, why: `the Docker engine runs ${answer[1]} containers` };
    return { ok: true, emulated: answer[2] !== site.platform.architecture };
  },
  async open(site, root): Promise<Runner> {
    const id = await importRoot(site, root);
    const close = async () => {
      const { signal: _, ...unsignalled } = site;
      await runDocker(unsignalled, ['image', 'rm', '--force', id], answerSeconds);
    };
    try {
      const platform = await labelOf(site, id);
      return { run: (call) => runCall(site, { id, platform }, call), close };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

/** @throws MeansError, or the signal's reason. */
async function importRoot(site: Site, root: string): Promise<string> {
  const tar = findHostProgram(site.environment, 'tar') ?? 'tar';
  // Owned by who runs it, so that what only root could read in the image is no obstacle.
  const owner = ['--owner=65534', '--group=65534', '--numeric-owner', '--ignore-failed-read'];
  const input = { program: tar, words: ['--create', '--sparse', ...owner, '--directory', root, '.'] };
  const words = ['import', '--platform', formatPlatform(site.platform), '-'];
  const result = await runDocker(site, words, importSeconds, input);
  const id = result.stdout.trim();
  if (result.code === 0 && /^sha256:[0-9a-f]{64}$/.test(id)) return id;
  throw new MeansError(`the Docker engine did not take the image's files: ${lastLine(result)}`);
}

/** What the engine calls the image: older ones give every import the platform of their own (docker 20.10). */
async function labelOf(site: Site, id: string): Promise<string> {
  const words = ['image', 'inspect', '--format', '{{.Os}}/{{.Architecture}}', id];
  const result = await runDocker(site, words, answerSeconds);
  const label = result.stdout.trim();
  if (result.code === 0 && /^[a-z0-9]+\/[a-z0-9]+$/.test(label)) return label;
  throw new MeansError(`the Docker engine does not know the image it was given: ${lastLine(result)}`);
}

async function runCall(
  site: Site,
  image: { readonly id: string; readonly platform: string },
  call: ProgramCall,
): Promise<Outcome> {
  const name = `armload-run-${randomBytes(8).toString('hex')}`;
  const [program = '', ...words] = call.words;
  const { signal: _, ...unsignalled } = site;
  const remove = () => runDocker(unsignalled, ['rm', '--force', '--volumes', name], answerSeconds);
  const run = (init: readonly string[]) =>
    runDocker(
      site,
      [
        ...['run', '--rm', '--name', name, '--pull=never', '--platform', image.platform],
        ...[
          '--network=none',
          '--read-only',
          '--tmpfs=/tmp:size=64m,mode=1777',
          '--tmpfs=/run:size=64m,mode=1777',
        ],
        ...['--cap-drop=ALL', '--security-opt=no-new-privileges', '--user=65534:65534'],
        ...[
          '--memory=4g',
          '--pids-limit=1024',
          '--ulimit=core=0',
          '--ulimit=nofile=4096',
          '--log-driver=none',
        ],
        ...init,
        ...['--workdir', call.workingDirectory],
        ...call.environment.flatMap((variable) => ['--env', variable]),
        ...['--entrypoint', program, image.id, ...words],
      ],
      site.timeoutSeconds,
    );
  try {
    let result = await run(['--init']);
    // Some engines come without the small first process, which only spares us aborts that hang.
    if (result.code >= 125 && result.code <= 127 && /docker-init/.test(result.stderr)) {
      await remove();
      result = await run([]);
    }
    return { ending: endingOf(result), errors: result.stderr, output: result.tail, seconds: result.seconds };
  } finally {
    // Also when it's gone already: a killed client leaves its container behind.
    await remove();
  }
}

/** Docker's own statuses are 125 to 127, which programs may end with too: its words tell. */
function endingOf(result: ProcessResult): Ending {
  if (result.failure !== undefined) return { kind: 'no-start', why: result.failure };
  if (result.timedOut) return { kind: 'timeout' };
  const { code, stderr } = result;
  if (code === 125) return { kind: 'no-start', why: `docker run failed: ${lastLine(result)}` };
  const own = code >= 126 && code <= 127 ? ownWords(stderr) : undefined;
  if (own !== undefined) {
    const errno = errnoOf(own);
    return errno === undefined
      ? { kind: 'no-start', why: `docker run failed: ${own.slice(0, 300)}` }
      : { kind: 'refused', errno };
  }
  return code > 128 && code <= 128 + 64 ? { kind: 'signal', signal: code - 128 } : { kind: 'exit', code };
}

/** The client's line about a start that failed, or tini's, or runc's. */
function ownWords(stderr: string): string | undefined {
  return stderr
    .split('\n')
    .find((line) => /^(docker: Error response|\[FATAL tini|exec [^ ]+(: | failed: ))/.test(line));
}

function errnoOf(words: string): number | undefined {
  if (/exec format error/i.test(words)) return 8;
  if (/no such file or directory/i.test(words)) return 2;
  if (/permission denied/i.test(words)) return 13;
  return undefined;
}

function runDocker(
  site: Omit<Site, 'signal'> & Pick<Site, 'signal'>,
  words: readonly string[],
  ...[timeoutSeconds, input]: readonly [
    number,
    { readonly program: string; readonly words: readonly string[] }?,
  ]
): Promise<ProcessResult> {
  return runHostProcess(findHostProgram(site.environment, 'docker') ?? 'docker', words, {
    environment: site.environment,
    timeoutSeconds,
    ...(site.signal === undefined ? {} : { signal: site.signal }),
    ...(input === undefined ? {} : { input }),
  });
}

/** The client's own line on an error, which it puts before a hint. */
function lastLine({ stderr, failure, timedOut }: ProcessResult): string {
  if (timedOut) return 'no answer in time';
  const lines = stderr.trim().split('\n');
  return (failure ?? lines.find((line) => line.startsWith('docker: ')) ?? lines.at(-1) ?? '').slice(0, 300);
}

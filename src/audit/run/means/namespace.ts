import { chmod, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../core/index.ts';
import { findHostProgram, type ProcessResult, runHostProcess } from '../host-process.ts';
import { isTriable, refuser, startedMark, starter } from '../machine-programs.ts';
import { MeansError } from '../means-error.ts';
import type { Check, Ending, Environment, Outcome, ProgramCall, Runner, Site } from '../types.ts';
import { emulateRule, marked, refuseRules } from './binfmt-rules.ts';
import { namespaceScript } from './namespace-script.ts';

/** Nobody, on every Linux. */
const nobody = '65534';

/** Of each process. Address space is not limited: programs reserve far more of it than they use. */
const limits = [
  '--core=0',
  '--nproc=1024',
  '--nofile=4096',
  `--fsize=${64 * 1024 ** 2}`,
  `--data=${8 * 1024 ** 3}`,
];

const hostPrograms = ['unshare', 'setpriv', 'prlimit', 'sh', 'mount', 'ln', 'mkdir', 'cat'] as const;

/** Has this machine the programs that make namespaces (util-linux and a shell)? */
export function checkNamespaces(environment: Environment): Check | undefined {
  if (process.platform !== 'linux') return { ok: false, why: 'namespaces need Linux' };
  const missing = hostPrograms.filter((name) => findHostProgram(environment, name) === undefined);
  if (missing.length === 0) return undefined;
  return { ok: false, why: `not installed: ${missing.join(', ')} (of util-linux and coreutils)` };
}

/**
 * Runs programs in user, mount, process and network namespaces of their own, as nobody, natively or by an emulator.
 * Works for ordinary users; root gives up its rights first.
 * @throws MeansError
 */
export async function openNamespaces(site: Site, root: string, emulator?: string): Promise<Runner> {
  try {
    await prepareTools(site, emulator);
    await prepareMountPoints(root);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new MeansError(`the namespaces could not be prepared: ${messageOf(error)}`, error);
  }
  const rules =
    emulator === undefined
      ? ['', '', '']
      : [
          emulateRule(site.platform.architecture, 'tools/emulator'),
          ...(isTriable(site.hostArchitecture) ? refuseRules(site.hostArchitecture, 'tools/refuse') : ['']),
          '',
        ].slice(0, 3);
  return {
    run: (call) => runCall(site, { root, rules }, call),
    close: async () => undefined,
  };
}

async function prepareTools(
  { work, platform, environment, hostArchitecture }: Site,
  emulator: string | undefined,
): Promise<void> {
  await mkdir(join(work, 'binfmt'), { recursive: true });
  await mkdir(join(work, 'tools'), { recursive: true });
  await writeFile(join(work, 'binfmt.log'), '', { mode: 0o666 });
  await chmod(join(work, 'binfmt.log'), 0o666);
  const place = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(work, 'tools', name), bytes);
    await chmod(join(work, 'tools', name), 0o755);
  };
  await place('starter', starter(platform.architecture));
  await place('unshare', marked(await readFile(findHostProgram(environment, 'unshare') ?? 'unshare')));
  if (emulator === undefined) return;
  await place('emulator', marked(await readFile(emulator)));
  if (isTriable(hostArchitecture)) await place('refuse', marked(refuser(hostArchitecture)));
}

/** What is mounted over must be directories: a link of the image would lead the mount elsewhere. */
async function prepareMountPoints(root: string): Promise<void> {
  for (const name of ['dev', 'proc', 'tmp', 'run']) {
    const path = join(root, name);
    const stat = await lstat(path).catch(() => undefined);
    if (stat?.isDirectory()) continue;
    await rm(path, { force: true });
    await mkdir(path, { mode: 0o755 });
  }
}

async function runCall(
  site: Site,
  { root, rules }: { readonly root: string; readonly rules: readonly string[] },
  call: ProgramCall,
): Promise<Outcome> {
  const path = (name: string) => findHostProgram(site.environment, name) ?? name;
  const isRoot = process.getuid?.() === 0;
  const words = [
    '--no-new-privs',
    '--pdeathsig=KILL',
    ...(isRoot ? [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []),
    path('unshare'),
    ...[
      '--user',
      '--map-root-user',
      '--mount',
      '--pid',
      '--fork',
      '--net',
      '--ipc',
      '--uts',
      '--kill-child=KILL',
    ],
    path('prlimit'),
    ...limits,
    `--cpu=${Math.ceil(site.timeoutSeconds) + 5}`,
    path('sh'),
    ...['-c', namespaceScript, 'armload', site.work, root, call.workingDirectory, ...rules],
    ...[...call.environment, '', ...call.words],
  ];
  const result = await runHostProcess(path('setpriv'), words, {
    environment: { PATH: `${site.environment['PATH'] ?? ''}:/usr/sbin:/sbin` },
    timeoutSeconds: site.timeoutSeconds,
    ...(site.signal === undefined ? {} : { signal: site.signal }),
  });
  return { ending: endingOf(result), errors: result.stderr, output: result.tail, seconds: result.seconds };
}

/** Descriptor 3 tells: the starter's mark, the error number of a refused start, and the status. */
function endingOf({ report, stderr, timedOut, failure, code }: ProcessResult): Ending {
  if (failure !== undefined) return { kind: 'no-start', why: failure };
  if (!report.startsWith(startedMark)) {
    const said = stderr.trim().split('\n').at(-1) ?? '';
    const end = timedOut ? 'it took too long' : `it ended with status ${code}`;
    return { kind: 'no-start', why: `the namespaces could not be made: ${said.slice(0, 300) || end}` };
  }
  if (timedOut) return { kind: 'timeout' };
  const told = /^s(.?)exit ([0-9]{1,3})\n$/s.exec(report);
  if (told === null) return { kind: 'no-start', why: `the namespaces ended with status ${code}` };
  const [, refused = '', status = ''] = told;
  if (refused !== '') return { kind: 'refused', errno: refused.charCodeAt(0) };
  const exit = Number(status);
  return exit > 128 && exit <= 128 + 64
    ? { kind: 'signal', signal: exit - 128 }
    : { kind: 'exit', code: exit };
}

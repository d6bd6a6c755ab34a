import { ExecutorError } from '../errors.ts';
import type { Job } from '../types.ts';
import { partsBelow } from './paths.ts';
import type { Prepared } from './prepare.ts';
import { assignments, quoteAll } from './quote.ts';
import { hiddenTexts, hideScript } from './scripts/hide.ts';

/** How a place takes the network from a command, as its probe says: see the probe's script. */
export type Isolation = 'root' | 'mapped-back' | 'mapped' | 'mapped-root';

export interface JobPlace extends Prepared {
  readonly passed: Readonly<Record<string, string>>;
  readonly isolation: Isolation | undefined;
  readonly graceSeconds: number;
}

/** @throws ExecutorError `JOB_REFUSED`, `PATH_OUTSIDE`: the job can't be begun as it is, and nothing was. */
export function checkJob(job: Job): void {
  if (!/^[a-z0-9]([a-z0-9.-]{0,198}[a-z0-9])?$/.test(job.id)) throw refused(job, 'its id is no name');
  if (!(job.timeoutSeconds > 0) || !Number.isFinite(job.timeoutSeconds))
    throw refused(job, 'it has no time limit');
  const { command } = job;
  if (command.kind === 'words' && command.words.length === 0) throw refused(job, 'it has no words');
  partsBelow(job.workdir);
  const names = [...Object.keys(job.environment), ...job.pass];
  const odd = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (odd !== undefined) throw refused(job, `${JSON.stringify(odd)} is no name of a variable`);
  const shown = command.kind === 'script' ? [command.text] : command.words;
  if ([...shown, ...Object.values(job.environment), job.workdir].some((text) => text.includes('\0')))
    throw refused(job, 'a NUL is in its text');
  const secrets = job.secrets.filter((secret) => secret !== '');
  // Whoever lists processes, or reads the job's folder, would see it.
  if ([...shown, job.workdir].some((text) => secrets.some((secret) => text.includes(secret))))
    throw refused(
      job,
      "a secret stands in its command; hand it over in the environment, and use the variable's name",
    );
}

function refused(job: Job, why: string): ExecutorError {
  return new ExecutorError('JOB_REFUSED', `job ${job.id} can't be begun: ${why}`);
}

export function jobFolder(workspace: string, id: string): string {
  return `${workspace}/.armload/jobs/${id}`;
}

/** All that the begin script has to know, for its standard input. */
export function jobText(job: Job, place: JobPlace, follow: { readonly from: number } | undefined): string {
  const folder = jobFolder(place.workspace, job.id);
  const environment = { ...place.environment, ...place.passed, ...job.environment };
  const hidden = hiddenTexts(job.secrets);
  const secrets = Object.fromEntries(hidden.map((text, at) => [`ARMLOAD_SECRET_${at + 1}`, text]));
  return assignments({
    job: folder,
    workspace: place.workspace,
    workdir: partsBelow(job.workdir).join('/'),
    script: job.command.kind === 'script' ? job.command.text : '',
    command: quoteAll(commandOf(job, place)),
    environment: assignments(environment, 'export '),
    limit: String(job.timeoutSeconds),
    grace: String(Math.round(place.graceSeconds * 100)),
    // Bytes are bytes: the locale's idea of characters plays no part.
    secrets: hidden.length === 0 ? '' : assignments({ ...secrets, LC_ALL: 'C' }, 'export '),
    awk: place.tools['awk'] ?? 'awk',
    hide: hideScript,
    follow: follow === undefined ? 'no' : 'yes',
    have: String(follow?.from ?? 0),
    complete: 'yes',
  });
}

/** In a session of its own. Words are found on the job's own PATH, as a shell does it: by exit codes 126 and 127. */
function commandOf(job: Job, place: JobPlace): readonly string[] {
  const sh = place.tools['sh'] ?? 'sh';
  const { command } = job;
  const own =
    command.kind === 'script'
      ? [sh, '-eu', `${jobFolder(place.workspace, job.id)}/script`]
      : [sh, '-c', 'exec "$@"', 'sh', ...command.words];
  const setsid = place.tools['setsid'] ?? 'setsid';
  return job.network === 'none' ? [setsid, ...withoutNetwork(job, place), ...own] : [setsid, ...own];
}

/** The loopback interface is there and down at first; whoever may, and has the program, puts it up. */
const loopbackUp = '{ ip link set lo up || ifconfig lo 127.0.0.1 up; } >/dev/null 2>&1';
/** Root of a namespace of users, to put the interface up, and then oneself again. */
const mapRoot =
  'inside=$1 unshare=$2; shift 2; exec "$unshare" -r -n "$0" -c "$inside" "$unshare" "$(id -u)" "$(id -g)" "$@"';
const mapBack = `${loopbackUp}; user=$1 group=$2; shift 2; exec "$0" --map-user="$user" --map-group="$group" "$@"`;

function withoutNetwork(job: Job, { isolation, tools }: JobPlace): readonly string[] {
  const { sh = 'sh', unshare = 'unshare' } = tools;
  const inside = [sh, '-c', `${loopbackUp}; exec "$@"`, 'sh'];
  if (isolation === 'root') return [unshare, '-n', ...inside];
  if (isolation === 'mapped-back') return [sh, '-c', mapRoot, sh, mapBack, unshare];
  if (isolation === 'mapped') return [unshare, '--map-current-user', '-n'];
  if (isolation === 'mapped-root') return [unshare, '-r', '-n', ...inside];
  throw new ExecutorError(
    'PLACE_UNUSABLE',
    `job ${job.id} must run without network, and the place can't do that`,
    {
      hint: "it takes unshare (util-linux), and root's rights or user namespaces",
    },
  );
}

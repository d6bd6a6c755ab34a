import { type ExecutorSettings, executorFor } from '../executors.ts';
import type { Job } from '../types.ts';

/** What `begin-job` is told, as JSON. */
export interface Beginning {
  readonly address: string;
  readonly settings: ExecutorSettings;
  readonly run: string;
  readonly platform: string;
  readonly job: Job;
}

/**
 * A runner of its own, for tests that kill it: acquires a place, begins a job there, and hands on its output. Bundled
 * to one file by the tests that start it.
 */
async function beginJob({ address, settings, run, platform, job }: Beginning): Promise<void> {
  const place = await executorFor(address, settings).acquire({ run, platform }, { environment: process.env });
  process.stdout.write('acquired\n');
  await place.exec(job, { onOutput: (chunk) => void process.stdout.write(chunk) });
}

if (process.env['BEGIN_JOB'] !== undefined) await beginJob(JSON.parse(process.env['BEGIN_JOB']) as Beginning);

// The thread that unpacks packages, one after the other. Bundled on its own: see scripts/build.mjs.
import { parentPort } from 'node:worker_threads';
import { Scratch } from '../../../../binary/index.ts';
import { messageOf } from '../../../../core/index.ts';
import { DebianError } from '../errors.ts';
import type { Failure, FromUnpacking } from './messages.ts';
import { type UnpackJob, unpackDeb } from './unpack-deb.ts';

const scratch = new Scratch();

async function run(job: UnpackJob): Promise<FromUnpacking> {
  try {
    return { type: 'done', unpacked: await unpackDeb(job, { scratch }) };
  } catch (error) {
    return { type: 'failed', failure: failureOf(error, job) };
  }
}

function failureOf(error: unknown, { name }: UnpackJob): Failure {
  if (error instanceof DebianError)
    return { code: error.code, message: error.message, hint: error.hint, facts: error.facts };
  const message = `${name} could not be unpacked: ${messageOf(error)}`;
  return { code: 'DEBIAN_WORKER', message, hint: undefined, facts: {} };
}

parentPort?.on('message', (job: UnpackJob) => {
  void run(job).then((message) => parentPort?.postMessage(message));
});

// The work folder of an experiment: what is in it, programs that are run for it, and the registry that it keeps.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { startDockerRegistry } from '../../../bench/docker-registry.mjs';
import { images } from './images.mjs';

const execute = promisify(execFile);

/** Reads `--work DIR [--only NAME]...` and switches of the script's own. */
export function readArguments(switches = {}) {
  const { values } = parseArgs({
    options: { work: { type: 'string' }, only: { type: 'string', multiple: true }, ...switches },
  });
  if (values.work === undefined) throw new Error('--work DIR says where roots, images and results are kept');
  const unknown = (values.only ?? []).find((name) => !images.some((image) => image.name === name));
  if (unknown !== undefined) throw new Error(`there is no image named ${unknown}`);
  const chosen = images.filter(({ name }) => values.only === undefined || values.only.includes(name));
  return { ...values, work: values.work, chosen };
}

/** Runs a program to its end; its output counts if it fails. */
export async function run(program, args, options = {}) {
  const { stdout } = await execute(program, args, { maxBuffer: 256 * 1024 * 1024, ...options });
  return stdout;
}

/** Debian's registry over a folder of the work folder, which a later run finds again. */
export function openRegistry(work) {
  return startDockerRegistry(join(work, 'registry'));
}

/** A file of facts, or `undefined` where it isn't written yet. */
export function readRecord(...path) {
  const file = `${join(...path)}.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Whole or not at all: an interrupted run leaves no half of a record. */
export function writeRecord(record, ...path) {
  const file = `${join(...path)}.json`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** Says what happens, with the time since the start. */
export function say(text) {
  console.log(`${String(Math.round(performance.now() / 1000)).padStart(6)} s  ${text}`);
}

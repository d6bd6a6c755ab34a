import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeUnpacked } from '../../layer/index.ts';
import type { SmokeMeans } from '../options.ts';
import { isTriable, knownGood, knownGoodWords } from './machine-programs.ts';
import { docker } from './means/docker.ts';
import { native } from './means/native.ts';
import { userNamespace } from './means/user-namespace.ts';
import { MeansError } from './means-error.ts';
import type { Means, Site } from './types.ts';

/** Best first: the real machine, an engine that people know, our own. */
const allMeans: readonly Means[] = [native, docker, userNamespace];

export type ChosenMeans =
  | { readonly ok: true; readonly means: Means; readonly emulated: boolean }
  /** A sentence with what is wrong with each. */
  | { readonly ok: false; readonly why: string };

/** The first means that has what it needs, and that runs a program known to be good. */
export async function chooseMeans(site: Site, wanted: SmokeMeans | undefined): Promise<ChosenMeans> {
  const { os, architecture } = site.platform;
  if (os !== 'linux' || !isTriable(architecture))
    return {
      ok: false,
      why: `programs of ${os}/${architecture} can't be tried: only those of linux/arm64 and linux/amd64`,
    };
  const reasons: string[] = [];
  for (const means of allMeans) {
    if (wanted !== undefined && means.name !== wanted) continue;
    const check = await means.check(site);
    const problem = check.ok ? await proveGood(means, site) : check.why;
    if (check.ok && problem === undefined) return { ok: true, means, emulated: check.emulated };
    reasons.push(`${means.name}: ${problem}`);
  }
  return { ok: false, why: `nothing here runs ${os}/${architecture} programs: ${reasons.join('; ')}` };
}

/** Why a program known to be good doesn't run; `undefined` where it does. */
async function proveGood(means: Means, site: Site): Promise<string | undefined> {
  const root = join(site.work, 'probe');
  await mkdir(root, { mode: 0o755 });
  try {
    await writeFile(join(root, 'probe'), knownGood(site.platform.architecture), { mode: 0o755 });
    const runner = await means.open(site, root);
    try {
      const call = { words: knownGoodWords, environment: ['PATH=/'], workingDirectory: '/' };
      const { ending, errors } = await runner.run(call);
      if (ending.kind === 'exit' && ending.code === knownGoodWords.length) return undefined;
      if (ending.kind === 'no-start') return ending.why;
      const said = errors.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
      return `it doesn't run a program that is right for certain (${describe(ending)}${said === '' ? '' : `: ${said}`})`;
    } finally {
      await runner.close();
    }
  } catch (error) {
    if (error instanceof MeansError) return error.message;
    throw error;
  } finally {
    await removeUnpacked(root);
  }
}

function describe(ending: {
  readonly kind: string;
  readonly code?: number;
  readonly errno?: number;
}): string {
  const number = ending.code ?? ending.errno;
  return number === undefined ? ending.kind : `${ending.kind} ${number}`;
}

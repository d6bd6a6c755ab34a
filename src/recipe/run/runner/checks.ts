import { messageOf } from '../../../core/index.ts';
import { matchesPattern } from '../../document/pattern.ts';
import { formatTemplate } from '../../document/template.ts';
import { RecipeError } from '../../errors.ts';
import { resolve, resolvePath } from '../../plan/resolve.ts';
import type { PlannedCheck, Template } from '../../plan/types.ts';
import { RunError } from '../errors.ts';
import { pairKey } from '../journal/replay.ts';
import { ask, endSentence, lastLines, succeeded } from './ask.ts';
import type { RunContext } from './context.ts';
import { inspectStored, machineAnswer } from './machine.ts';
import { ifThere } from './outputs.ts';
import { auditSaved, type ImageName, saveImage } from './save-images.ts';
import { hideSecrets } from './secrets.ts';

/** `ok` is absent where it could not be determined. `why` is a sentence. */
export interface CheckAnswer {
  readonly ok?: boolean;
  readonly why: string;
}

const versionTimeout = 300;
const maxPrinted = 32 * 1024;

/** Does what the recipe says its result has to be hold? Of all parts of the check, the worst answer. */
export async function doCheck(context: RunContext, check: PlannedCheck): Promise<CheckAnswer> {
  try {
    const answers: CheckAnswer[] = [];
    if (check.file !== undefined) answers.push(await checkFile(context, check, check.file));
    if (check.image !== undefined) answers.push(await checkImage(context, check.image));
    if (check.version !== undefined) answers.push(await checkVersion(context, check.version));
    const worst = answers.find(({ ok }) => ok === false) ?? answers.find(({ ok }) => ok === undefined);
    const answer = worst ?? { ok: true, why: answers.map(({ why }) => why).join('; ') };
    return { ...answer, why: hideSecrets(answer.why, context.options.hidden) };
  } catch (error) {
    const isKnown =
      error instanceof RecipeError || (error instanceof RunError && error.code === 'OUTPUT_WRONG');
    if (!isKnown) throw error;
    return { why: hideSecrets(messageOf(error), context.options.hidden) };
  }
}

async function checkFile(context: RunContext, check: PlannedCheck, template: Template): Promise<CheckAnswer> {
  const path = resolvePath(template, context.scope);
  const { objects } = context.folder;
  const kept = await ifThere(() => objects.keep(context.place.get(path, { signal: context.signal })));
  if (kept === undefined) return { ok: false, why: `${path} is not there` };
  if (check.sha256 !== undefined && check.sha256 !== kept.sha256)
    return { ok: false, why: `${path} has the SHA-256 ${kept.sha256}, and should have ${check.sha256}` };
  if (check.machine === undefined) return { ok: true, why: `${path} is there` };
  const { signal } = context;
  const facts = await inspectStored(objects.path(kept.sha256), { path, size: kept.size, signal });
  const answer = machineAnswer(facts, check.machine);
  return { ...answer, why: `${path}: ${answer.why}` };
}

async function checkImage(context: RunContext, template: Template): Promise<CheckAnswer> {
  const image = imageNamed(template);
  if (image === undefined) return { why: `${formatTemplate(template)} is no image of a step` };
  await saveImage(context, image);
  await auditSaved(context, image);
  const saved = context.state.images.get(pairKey(image.step, image.output));
  const audit =
    saved === undefined ? undefined : context.state.audits.get(pairKey(saved.sha256, saved.platform));
  if (audit === undefined) return { why: 'no audit was made of it' };
  return { ...(audit.ok === undefined ? {} : { ok: audit.ok }), why: `${audit.verdict}: ${audit.why}` };
}

/** `steps.NAME.images.OUTPUT` and nothing else. */
export function imageNamed(template: Template): ImageName | undefined {
  const [only, ...rest] = template.filter((part) => part !== '');
  if (only === undefined || typeof only === 'string' || rest.length > 0) return undefined;
  const [root, step, kind, output] = only.path;
  if (root !== 'steps' || kind !== 'images' || step === undefined || output === undefined) return undefined;
  return { step, output };
}

async function checkVersion(
  context: RunContext,
  { words, matches }: NonNullable<PlannedCheck['version']>,
): Promise<CheckAnswer> {
  const resolved = words.map((word) => resolve(word, context.scope));
  const job = context.ownJob('version', resolved, versionTimeout);
  const { end, text } = await ask(context, job, { maxBytes: maxPrinted });
  const command = words.map(formatTemplate).join(' ');
  if (!succeeded(end))
    return { ok: false, why: `"${command}" ${endSentence(end, versionTimeout)}: ${lastLines(text)}` };
  if (matchesPattern({ pattern: matches, whole: false }, text))
    return { ok: true, why: `"${command}" prints ${matches}` };
  return { ok: false, why: `"${command}" printed "${lastLines(text, 3)}", which does not match ${matches}` };
}

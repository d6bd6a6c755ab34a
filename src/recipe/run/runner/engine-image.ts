import * as z from 'zod';
import { formatPlatform, normalizePlatform, parsePlatform, samePlatform } from '../../../oci/index.ts';
import { RunError } from '../errors.ts';
import { ask, endSentence, lastLines, succeeded } from './ask.ts';
import type { RunContext } from './context.ts';

/** An image as the place's Docker engine has it. */
export interface EngineImage {
  /** `sha256:…` */
  readonly id: string;
  /** Normalised. */
  readonly platform: string;
}

const inspected = z
  .array(
    z.object({
      Id: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      Os: z.string(),
      Architecture: z.string(),
      Variant: z.string().optional(),
    }),
  )
  .length(1);

/** What the engine has under a reference or id; undefined where it has nothing. @throws RunError `OUTPUT_WRONG` */
export async function engineImage(context: RunContext, reference: string): Promise<EngineImage | undefined> {
  const job = context.ownJob('image-inspect', ['docker', 'image', 'inspect', '--', reference]);
  const answer = await ask(context, job);
  if (succeeded(answer.end)) return parseInspected(answer.text, reference);
  if (answer.end.how === 'exited' && /no such (?:image|object)/i.test(answer.text)) return undefined;
  throw new RunError(
    'OUTPUT_WRONG',
    `docker image inspect ${reference} ${endSentence(answer.end, job.timeoutSeconds)}: ${lastLines(answer.text)}`,
  );
}

function parseInspected(text: string, reference: string): EngineImage {
  const parsed = inspected.safeParse(readJson(text));
  const image = parsed.data?.[0];
  if (image === undefined)
    throw new RunError('OUTPUT_WRONG', `docker image inspect ${reference} printed something unexpected`, {
      cause: parsed.error,
    });
  const { Id, Os, Architecture, Variant } = image;
  const platform = normalizePlatform({
    os: Os,
    architecture: Architecture,
    ...(Variant === undefined || Variant === '' ? {} : { variant: Variant }),
  });
  return { id: Id, platform: formatPlatform(platform) };
}

/** The engine may print a warning before its JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text.slice(Math.max(0, text.search(/^\[/m))));
  } catch {
    return undefined;
  }
}

/** An image for any version of the architecture is one for the platform; what can't be compared isn't the same. */
export function isPlatform(found: string, wanted: string): boolean {
  const [left, right] = [parsePlatform(found), parsePlatform(wanted)];
  return left !== undefined && right !== undefined && samePlatform(left, right);
}

import type { ImageAudit } from '../results/index.ts';
import type { Part } from './read-source.ts';
import type { Inspect, Inspection } from './types.ts';

/**
 * What an audit means for publishing an image. Only what is known to be right gets in, and what is right in all that it
 * starts and uses, with foreign code that nothing reaches.
 */
export function inspectionOf(audit: ImageAudit | undefined): Inspection {
  if (audit === undefined) return { ok: false, undetermined: true, why: 'unknown: the audit found no image' };
  const { verdict, why } = audit;
  const said = `${verdict}: ${why}`;
  if (verdict === 'right') return { ok: true, why: said };
  if (verdict === 'unknown') return { ok: false, undetermined: true, why: said };
  if (verdict !== 'mixed') return { ok: false, why: said };
  const isReached = audit.findings.some((finding) => finding.verdict === 'reachable');
  return { ok: !isReached, why: said };
}

/** An image of the index, with what was found of it. */
export interface InspectedImage {
  readonly part: Part;
  readonly state: 'passed' | 'refused' | 'unknown' | 'not-audited';
  readonly why: string;
}

export interface InspectOptions {
  readonly inspect?: Inspect | undefined;
  /** What is at the destination already. */
  readonly kept: ReadonlySet<Part>;
  readonly signal?: AbortSignal | undefined;
}

/** Has each image inspected, one after the other. */
export async function inspectImages(
  parts: readonly Part[],
  options: InspectOptions,
): Promise<readonly InspectedImage[]> {
  const inspected: InspectedImage[] = [];
  for (const part of parts.filter(({ kind }) => kind === 'image')) {
    options.signal?.throwIfAborted();
    inspected.push(await inspectOne(part, options));
  }
  return inspected;
}

async function inspectOne(
  part: Part,
  { inspect, kept }: Pick<InspectOptions, 'inspect' | 'kept'>,
): Promise<InspectedImage> {
  const { platform, document } = part;
  const skipped = (why: string): InspectedImage => ({ part, state: 'not-audited', why });
  if (kept.has(part)) return skipped('it was published before');
  if (platform === undefined || inspect === undefined) return skipped('no audit was asked for');
  if (platform.os !== 'linux') return skipped(`armload reads no ${platform.os} images`);
  const { digest, origin } = document;
  const { repository, layers } = origin;
  const reference = `${origin.name.replace(/@.*$/, '')}@${digest}`;
  const { ok, why, undetermined } = await inspect({ reference, repository, layers, digest, platform });
  if (ok) return { part, state: 'passed', why };
  return { part, state: undetermined === true ? 'unknown' : 'refused', why };
}

import { formatPlatform, type Platform } from '../oci/index.ts';
import type { Judgement } from '../readiness/index.ts';
import type { Remedy } from '../results/index.ts';
import type { JudgedGroup } from './assemble.ts';
import type { ImageGroup } from './group.ts';
import type { RemedySource } from './options.ts';

/**
 * Adds what the catalog knows to what registries told, and, where an image is missing, the port that could be made of it.
 * The catalog is opened only where something isn't ready.
 */
export async function withRemedies(judged: readonly JudgedGroup[], around: Around): Promise<JudgedGroup[]> {
  const { platform, catalog } = around;
  const source = judged.some(isAskedAbout) ? await catalog?.() : undefined;
  const told: JudgedGroup[] = [];
  for (const each of judged) {
    const asks = source !== undefined && isAskedAbout(each);
    const known = asks
      ? await source.remediesFor(each.group.name, { platform: formatPlatform(platform) })
      : [];
    told.push(withMore(each, known, platform));
  }
  return told;
}

interface Around {
  readonly platform: Platform;
  readonly catalog?: (() => Promise<RemedySource>) | undefined;
}

function withMore(
  { group, judgement }: JudgedGroup,
  known: readonly Remedy[],
  platform: Platform,
): JudgedGroup {
  const spoken = known.some(({ kind }) => kind === 'port');
  const port = spoken ? undefined : portOf(group, judgement, platform);
  const remedies = [...judgement.remedies, ...known, ...(port === undefined ? [] : [port])];
  return { group, judgement: { ...judgement, remedies: bestFirst(remedies) } };
}

/** Could another image, or another way, help? What nobody could ask about is left alone, but for what isn't there. */
function isAskedAbout({ group, judgement }: JudgedGroup): boolean {
  const { state, reason } = judgement.readiness;
  if (group.reference === undefined) return false;
  switch (state) {
    case 'missing':
    case 'mislabelled':
    case 'pinned':
    case 'suspect':
      return true;
    case 'unknown':
      return reason === 'not-found';
    case 'ready':
    case 'unresolved':
    case 'not-an-image':
      return false;
  }
}

/** What was seen to help comes first; of the rest, what registries told before what people say. */
function bestFirst(remedies: readonly Remedy[]): Remedy[] {
  const helps = (remedy: Remedy) => remedy.verified && remedy.reference !== undefined;
  return [...remedies.filter(helps), ...remedies.filter((remedy) => !helps(remedy))];
}

/** A port is made of the same reference's image for linux/amd64. */
function portOf(
  group: ImageGroup,
  { readiness, platforms }: Judgement,
  platform: Platform,
): Remedy | undefined {
  if (readiness.state !== 'missing' || platform.os !== 'linux' || !platforms.includes('linux/amd64'))
    return undefined;
  const name = group.reference?.repository.split('/').at(-1) ?? 'image';
  const to = `oci:./${name}-${platform.architecture}:${group.reference?.tag ?? 'ported'}`;
  return {
    kind: 'port',
    command: `armload port ${quoted(group.name)} --to ${to}${platformOption(platform)}`,
    verified: false,
    why: `makes the missing image out of the one for linux/amd64, or says what is in the way; --to may name a registry, too`,
  };
}

function platformOption(platform: Platform): string {
  const name = formatPlatform(platform);
  return name === 'linux/arm64' ? '' : ` --platform ${name}`;
}

/** For a shell: names of files may hold anything. */
function quoted(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

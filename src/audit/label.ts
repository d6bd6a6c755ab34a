import { machineCodeIn } from '../binary/index.ts';
import type { ViewEntry } from '../layer/index.ts';
import { formatPlatform, type Platform, runsOn } from '../oci/index.ts';
import type { Label } from '../results/index.ts';
import { runsNatively } from './native.ts';
import type { EntryTrace, ForeignCode, Subject } from './types.ts';

/** What the documents say the image is. */
export interface Claims {
  readonly index?: Platform;
  readonly config?: Platform;
}

/** What label and content say of each other. */
export interface LabelJudgement {
  readonly label: Label;
  /**
   * `right`: documents and bytes agree. `no-code`: there is no machine code that could contradict. `mislabelled`: the
   * bytes are of another machine than the platform. `metadata-wrong`: the bytes are right, a document isn't.
   */
  readonly verdict: 'right' | 'no-code' | 'mislabelled' | 'metadata-wrong';
  readonly why: string;
}

export interface LabelParts {
  readonly claims: Claims;
  readonly traces: readonly EntryTrace[];
  readonly foreign: readonly ForeignCode[];
  /** Files with Linux machine code that may be used, by architecture. */
  readonly code: Readonly<Record<string, number>>;
}

/**
 * Compares index, config and bytes. The bytes are judged by what the image starts, and by what else of it is used: an
 * arm64 program on an amd64 userland is no arm64 image (cloudposse/atmos #2931).
 */
export function judgeLabel(subject: Subject, parts: LabelParts): LabelJudgement {
  const { claims, code } = parts;
  const started = startedCode(parts.traces);
  const label: Label = {
    ...(claims.index === undefined ? {} : { index: formatPlatform(claims.index) }),
    ...(claims.config === undefined ? {} : { config: formatPlatform(claims.config) }),
    ...bytesOf(subject, started, code),
    code: { ...code },
  };
  const against = contentAgainst(subject, parts, started);
  if (against !== undefined) return { label, verdict: 'mislabelled', why: against };
  const contradiction = documentContradiction(subject, claims, label);
  if (contradiction !== undefined) return { label, verdict: 'metadata-wrong', why: contradiction };
  if (label.bytes === undefined)
    return { label, verdict: 'no-code', why: 'it holds no machine code that could contradict its label' };
  const why =
    started.length > 0
      ? `what it starts and uses is ${label.bytes} machine code`
      : `the machine code in it is for ${label.bytes}; what it starts could not be followed there`;
  return { label, verdict: 'right', why };
}

interface StartedCode {
  readonly entry: ViewEntry;
  readonly os: string;
  readonly architecture: string;
}

/** The machine code that the image starts for certain: programs, and the interpreters of scripts. */
function startedCode(traces: readonly EntryTrace[]): readonly StartedCode[] {
  return traces
    .filter(({ certain, role }) => certain && role !== 'healthcheck')
    .flatMap(({ steps }) => steps)
    .flatMap(({ file: entry }) => {
      if (entry?.entry.facts === undefined) return [];
      return machineCodeIn(entry.entry.facts)
        .filter(({ path, offset }) => path === '' && offset === 0)
        .map(({ os, architecture }) => ({ entry, os, architecture }));
    });
}

function bytesOf(
  { platform }: Subject,
  started: readonly StartedCode[],
  code: Readonly<Record<string, number>>,
): { bytes?: string } {
  const architectures = new Set(started.map(({ architecture }) => architecture));
  const [only] = architectures.size === 1 ? architectures : [];
  const [most] = Object.entries(code).sort(([, left], [, right]) => right - left)[0] ?? [];
  const architecture = only ?? most;
  return architecture === undefined ? {} : { bytes: `${platform.os}/${architecture}` };
}

/** Why the bytes are of another machine; `undefined` where they aren't. */
function contentAgainst(
  { platform }: Subject,
  { foreign, code }: LabelParts,
  started: readonly StartedCode[],
): string | undefined {
  const wanted = formatPlatform(platform);
  const first = started.find((part) => !runsNatively(part, platform));
  if (first !== undefined)
    return `it starts /${first.entry.path}, which is machine code for ${first.os}/${first.architecture}, not ${wanted}`;
  const used = new Set(
    foreign.filter(({ verdict }) => verdict === 'reachable').map(({ entry }) => entry.entry),
  );
  const native = Object.entries(code)
    .filter(([architecture]) => runsNatively({ os: platform.os, architecture }, platform))
    .reduce((sum, [, files]) => sum + files, 0);
  if (used.size <= native) return undefined;
  return `${used.size} of the ${used.size + native} files with machine code that it uses are not for ${wanted}`;
}

function documentContradiction(
  { platform }: Subject,
  { index, config }: Claims,
  { bytes }: Label,
): string | undefined {
  const wanted = formatPlatform(platform);
  const right = bytes === undefined ? 'it holds no machine code' : `the bytes are right for ${wanted}`;
  if (config === undefined) return `${right}, but the image's config leaves its platform empty`;
  if (!fits(config, platform)) return `${right}, but the image's config says ${formatPlatform(config)}`;
  if (index !== undefined && !fits(index, platform))
    return `${right}, but the index says ${formatPlatform(index)}`;
  return undefined;
}

/** The same but for the variant: bytes don't tell v8 from v9. */
function fits(left: Platform, right: Platform): boolean {
  return runsOn(left, right) || runsOn(right, left);
}

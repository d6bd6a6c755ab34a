import type { LayerSource, MergedView } from '../layer/index.ts';
import { type Digest, formatPlatform, type Platform, parseConfig, parseRunSettings } from '../oci/index.ts';
import type { ImageAudit, SmokeRun } from '../results/index.ts';
import { type Examination, examine } from './examine.ts';
import type { ImageName, SmokeRunOptions } from './options.ts';
import { originsOf } from './read-subject.ts';
import type { SmokeCallOptions } from './run/smoke-run.ts';
import type { ForeignCode, Subject } from './types.ts';

/** One platform's image that the caller has read itself, published or not. */
export interface ImageInHand extends ImageName {
  /** Of its manifest. */
  readonly digest: Digest;
  readonly config: Uint8Array;
  /** Lowest first; as many as the view has. */
  readonly layers: readonly LayerSource[];
  readonly view: MergedView;
  /** What it's to be for. */
  readonly platform: Platform;
  /** What its index says, where there is or will be one. */
  readonly claimed?: Platform;
}

export interface AuditInHand {
  readonly audit: ImageAudit;
  /** All machine code that the platform can't run, judged. */
  readonly foreign: readonly ForeignCode[];
  /** Tries it out, as `--run` does. @throws the signal's reason. */
  run(options: SmokeRunOptions & Omit<SmokeCallOptions, 'limits'>): Promise<readonly SmokeRun[]>;
}

/** Findings listed; the worst come first. */
const maxFindings = 1000;

/**
 * Audits an image that is in hand: nothing is fetched or read again. Causes are not looked for, for they lie with whoever
 * built it.
 * @throws DocumentError for a config that can't be read.
 */
export function auditInHand(image: ImageInHand): AuditInHand {
  const subject = subjectOf(image);
  const { config } = subject;
  const examination = examine(subject, {
    ...(image.claimed === undefined ? {} : { index: image.claimed }),
    ...(config.platform === undefined ? {} : { config: config.platform }),
  });
  return {
    audit: documentOf(image, subject, examination),
    foreign: examination.foreign,
    run: async (options) => {
      const { smokeRun } = await import('./run/index.ts');
      const { traces } = examination;
      return smokeRun({ subject, traces, layers: image.layers, reference: image.reference }, options);
    },
  };
}

function subjectOf({ config: bytes, layers, view, platform }: ImageInHand): Subject {
  const config = parseConfig(bytes);
  return {
    ...{ platform, config, view },
    run: parseRunSettings(bytes),
    override: {},
    layers: originsOf(config, layers, view.layers),
  };
}

function documentOf(
  { reference, written, digest, layers, platform }: ImageInHand,
  { view }: Subject,
  examination: Examination,
): ImageAudit {
  const { verdict, reason, why, label, entries, findings } = examination;
  const name = formatPlatform(platform);
  return {
    ...{ reference, written, platform: name, digest, manifest: digest, verdict, why, label },
    ...(reason === undefined ? {} : { reason }),
    entries: [...entries],
    findings: findings.slice(0, maxFindings),
    findingsOmitted: Math.max(0, findings.length - maxFindings),
    causes: [],
    platforms: [name],
    files: view.size,
    bytes: layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0),
  };
}

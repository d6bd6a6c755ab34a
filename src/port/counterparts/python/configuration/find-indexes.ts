import { redact, UsageError } from '../../../../core/index.ts';
import { asFolder, isHttpAddress, isSafeServer } from '../../../fetch/index.ts';
import { askPip } from './ask-pip.ts';
import { type Environment, readPipSettings } from './pip-settings.ts';

export type IndexesResult =
  | {
      readonly kind: 'found';
      /** Addresses with a slash at the end, credentials included; first choice first. */
      readonly indexes: readonly string[];
      /** PEM, of pip's configuration. */
      readonly certificates?: string;
    }
  | {
      readonly kind: 'none';
      /** A sentence without its full stop. */
      readonly why: string;
    };

export interface FindIndexesParts {
  readonly environment: Environment;
  /** The folder of the system's configuration. */
  readonly system: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The indexes that wheels come from: those that are named, else those of pip's configuration, else the one that an installed
 * pip goes to by itself.
 * @throws UsageError for a named one that is no address, the signal's reason.
 */
export async function findIndexes(
  named: readonly string[] | undefined,
  { environment, system, signal }: FindIndexesParts,
): Promise<IndexesResult> {
  const own = named?.map(checked) ?? [];
  const pip = await readPipSettings(environment, system);
  const { certificates } = pip;
  const believed = certificates === undefined ? {} : { certificates };
  if (own.length > 0) return { kind: 'found', indexes: own, ...believed };
  if (pip.noIndex) return { kind: 'none', why: "pip's configuration says that no index is to be used" };
  const first = pip.indexUrl ?? (await askPip(environment, signal));
  const all = [...(first === undefined ? [] : [first]), ...pip.extraIndexUrls];
  if (all.length === 0)
    return { kind: 'none', why: 'no index is named, pip is not configured for one, and no pip is installed' };
  const usable = all.filter((url) => isUsable(url, pip.trustedHosts));
  if (usable.length > 0) return { kind: 'found', indexes: [...new Set(usable.map(asFolder))], ...believed };
  const shown = all.map((url) => redact(url)).join(', ');
  return {
    kind: 'none',
    why: `no index of pip's configuration is https, or of a host that it trusts: ${shown}`,
  };
}

function checked(url: string): string {
  if (isHttpAddress(url)) return asFolder(url);
  throw new UsageError('USAGE', `the Python index ${redact(url)} is not an http or https address`, {
    hint: 'Write it like https://packages.example/simple/.',
  });
}

/** A page that was read in the clear vouches for nothing, unless a person said so (pip's `trusted-host`). */
function isUsable(url: string, trusted: readonly string[]): boolean {
  if (!isHttpAddress(url)) return false;
  if (isSafeServer(url)) return true;
  const { hostname, host } = new URL(url);
  return trusted.some((name) => name === host || name === hostname);
}

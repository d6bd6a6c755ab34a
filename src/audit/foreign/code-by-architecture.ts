import type { LayerEntry } from '../../layer/index.ts';
import { nativeArchitectures } from '../native.ts';
import type { ForeignCode, Subject } from '../types.ts';
import { isLinkInput } from './link-input.ts';
import { isEmbedded } from './rules/embedded.ts';
import { ownCode } from './survey.ts';

/**
 * Number of files with Linux machine code that may be used, by architecture: native ones, and foreign ones that are
 * reachable or unknown. Each file once, whatever number of paths it has; files in archives are not counted.
 */
export function codeByArchitecture(
  { view, platform }: Subject,
  codes: readonly ForeignCode[],
): Readonly<Record<string, number>> {
  const counted = new Map<string, Set<LayerEntry>>();
  const count = (architecture: string, entry: LayerEntry): void => {
    const entries = counted.get(architecture);
    if (entries === undefined) counted.set(architecture, new Set([entry]));
    else entries.add(entry);
  };
  const native = nativeArchitectures(platform);
  for (const { entry } of view.entries()) {
    if (entry.kind !== 'file' || entry.facts === undefined || isLinkInput(entry.facts)) continue;
    for (const { os, architecture, offset } of ownCode(entry.facts))
      if (os === 'linux' && offset === 0 && platform.os === 'linux' && native.includes(architecture))
        count(architecture, entry);
  }
  for (const code of codes)
    if (code.innerPath === '' && code.os === 'linux' && mayBeUsed(code))
      count(code.architecture, code.entry.entry);
  return Object.fromEntries([...counted].map(([architecture, entries]) => [architecture, entries.size]));
}

function mayBeUsed(code: ForeignCode): boolean {
  return (code.verdict === 'reachable' || code.verdict === 'unknown') && !isEmbedded(code);
}

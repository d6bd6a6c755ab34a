import type { Finding } from '../../results/index.ts';
import type { Loader } from '../loader/index.ts';
import type { EntryTrace, Subject } from '../types.ts';
import { environmentFile, environmentPaths, preloadFile } from './environment.ts';
import { gather } from './gather.ts';
import { foreignLabel } from './label.ts';
import { foreignCache } from './loader-cache.ts';
import { apkDatabase, dpkgDatabase, packageArchitecture } from './package-database.ts';
import { jemallocPageSize, needsLse, pageAlignment } from './programs.ts';
import { scriptMentions } from './scripts.ts';
import type { HostFact } from './types.ts';

const hostFacts: readonly HostFact[] = [
  pageAlignment,
  jemallocPageSize,
  needsLse,
  environmentPaths,
  preloadFile,
  environmentFile,
  foreignLabel,
  foreignCache,
  dpkgDatabase,
  apkDatabase,
  packageArchitecture,
  scriptMentions,
];

/**
 * What a right label does not show of how an image does on hosts of its platform. What can't be told from the bytes is left
 * out; of each kind, findings on files that the image starts come first.
 */
export function hostFactFindings(
  subject: Subject,
  parts: { readonly traces: readonly EntryTrace[]; readonly loader: Loader },
): readonly Finding[] {
  const input = gather(subject, parts);
  return hostFacts.flatMap((fact) => fact(input));
}

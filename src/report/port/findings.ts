import type { Finding, ImageAudit, PortRefusal } from '../../results/index.ts';

/** Findings to list, and the number of notes that are only counted. */
export interface ListedFindings {
  readonly listed: readonly Finding[];
  readonly notes: number;
}

/** Findings of the audit of a port: not those of paths that are refused, which have been told, and notes only for `all`. */
export function chooseFindings(
  { findings }: ImageAudit,
  refusals: readonly PortRefusal[],
  all: boolean,
): ListedFindings {
  if (all) return { listed: findings, notes: 0 };
  const told = new Set(refusals.map(({ path }) => path));
  const worse = findings.filter(({ severity }) => severity !== 'note');
  return {
    listed: worse.filter(({ path }) => path === undefined || !told.has(outermost(path))),
    notes: findings.length - worse.length,
  };
}

/** Of a file inside archives. */
function outermost(path: string): string {
  return path.split('!/', 1)[0] ?? path;
}

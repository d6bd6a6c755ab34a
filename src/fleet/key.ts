import { createHash } from 'node:crypto';
import type { FleetOptions } from './options.ts';

/** Members that decide where and when something is read, and nothing of what is made. All others count. */
const aside: ReadonlySet<string> = new Set([
  'inputs',
  'stdin',
  'profiles',
  'include',
  'jobs',
  'stateFolder',
  'workFolder',
  'to',
  'dryRun',
  'force',
  'knownBases',
  'cwd',
  'environment',
  'offline',
  'cacheDirectory',
  'noCache',
  'authFile',
  'registries',
  'configDirectory',
  'maxRequests',
  'concurrency',
  'timeoutSeconds',
  'clock',
  'onEvent',
  'signal',
] satisfies (keyof FleetOptions)[]);

/** What has to be the same for a port of the source to be done already: a SHA-256, so that no secret stands in a file. */
export function keyOf(source: string, options: FleetOptions): string {
  const environment = options.environment ?? process.env;
  const chosen = Object.fromEntries(Object.entries(options).filter(([name]) => !aside.has(name)));
  const parts = [source, chosen, environment['SOURCE_DATE_EPOCH'] ?? null];
  return createHash('sha256').update(JSON.stringify(parts, sorted)).digest('hex');
}

/** Members of objects in one order, whatever order they were written in. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}

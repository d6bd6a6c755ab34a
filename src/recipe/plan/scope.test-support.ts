import type { HostFacts } from '../executors/types.ts';
import type { Scope, SourceFacts, StepFacts } from './types.ts';

/** A place as tests have it. */
export function hostOf(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    os: 'linux',
    architecture: 'arm64',
    emulates: [],
    id: 'debian',
    version: '12',
    kernel: '6.1.0',
    cpus: 8,
    memory: 16 * 2 ** 30,
    disk: 100 * 2 ** 30,
    user: 'builder',
    isolatesNetwork: true,
    ...changes,
  };
}

export function scopeOf({
  host = {},
  secrets = {},
  sources = {},
  steps = {},
}: {
  host?: Partial<HostFacts>;
  secrets?: Record<string, string>;
  sources?: Record<string, SourceFacts>;
  steps?: Record<string, StepFacts>;
} = {}): Scope {
  return {
    host: hostOf(host),
    run: { id: 'r1' },
    secrets: new Map(Object.entries(secrets)),
    sources: new Map(Object.entries(sources)),
    steps: new Map(Object.entries(steps)),
  };
}

import type { HostFacts } from '../executors/types.ts';
import type { Plan } from '../plan/types.ts';
import type { Requirement } from './types.ts';

/** A machine of 16 GiB shows a little less: its kernel keeps some for itself. */
const memoryKept = 0.1;

/** What the place is, held against what the recipe asks. */
export function* checkPlace({ requires }: Plan, facts: HostFacts): Generator<Requirement> {
  if (requires.os !== undefined) yield checkOs(requires.os, facts);
  if (requires.architecture !== undefined)
    yield checkArchitecture(requires.architecture, { facts, emulation: requires.emulation });
  if (requires.cpus !== undefined)
    yield checkAmount('cpus', { wanted: requires.cpus, found: facts.cpus, shown: (cpus) => `${cpus} CPUs` });
  if (requires.memory !== undefined)
    yield checkAmount('memory', {
      wanted: requires.memory,
      found: facts.memory,
      enough: requires.memory * (1 - memoryKept),
      shown: (bytes) => `${shownBytes(bytes)} of memory`,
    });
  if (requires.disk !== undefined)
    yield checkAmount('disk', {
      wanted: requires.disk,
      found: facts.disk,
      shown: (bytes) => `${shownBytes(bytes)} of free disk space`,
    });
  if (requires.networkIsolation) yield checkNetwork(facts);
}

function checkOs(wanted: string, { os }: HostFacts): Requirement {
  const state = os === '' ? 'unknown' : os === wanted ? 'met' : 'missing';
  const found = os === '' ? 'it is not known what system it runs' : `it runs ${os}`;
  return { kind: 'os', name: 'os', state, wanted, found: os, why: `${found}; the recipe wants ${wanted}` };
}

function checkArchitecture(
  wanted: string,
  { facts: { architecture, emulates }, emulation }: { facts: HostFacts; emulation: boolean },
): Requirement {
  const answer = (state: Requirement['state'], why: string): Requirement => ({
    ...{ kind: 'architecture', name: 'architecture', state, wanted, found: architecture, why },
  });
  if (architecture === '')
    return answer('unknown', `it is not known what machine it is; the recipe wants ${wanted}`);
  if (architecture === wanted) return answer('met', `it is an ${wanted} machine`);
  if (!emulates.includes(wanted))
    return answer('missing', `it is an ${architecture} machine, which doesn't run ${wanted} programs`);
  return emulation
    ? answer(
        'met',
        `it is an ${architecture} machine that runs ${wanted} programs by emulation, several times slower`,
      )
    : answer(
        'missing',
        `it is an ${architecture} machine; it runs ${wanted} programs by emulation, which the recipe doesn't accept`,
      );
}

function checkAmount(
  kind: 'cpus' | 'memory' | 'disk',
  {
    wanted,
    found,
    enough = wanted,
    shown,
  }: { wanted: number; found: number; enough?: number; shown: (amount: number) => string },
): Requirement {
  const texts = { kind, name: kind, wanted: shown(wanted) };
  // A place where nobody could count says 0.
  if (!Number.isFinite(found) || found <= 0)
    return {
      ...texts,
      state: 'unknown',
      why: `how much it has is not known; the recipe wants ${shown(wanted)}`,
    };
  const state = found >= enough ? 'met' : 'missing';
  return {
    ...texts,
    state,
    found: shown(found),
    why: `it has ${shown(found)}; the recipe wants ${shown(wanted)}`,
  };
}

function checkNetwork({ isolatesNetwork }: HostFacts): Requirement {
  return {
    ...{ kind: 'network', name: 'network', state: isolatesNetwork ? 'met' : 'missing' },
    why: isolatesNetwork
      ? 'it can run commands without network'
      : "it can't run commands without network, as some of the steps have to be",
  };
}

function shownBytes(bytes: number): string {
  const [unit, size] = bytes >= 2 ** 30 ? (['GiB', 2 ** 30] as const) : (['MiB', 2 ** 20] as const);
  // Rounded down, so that too little never looks like enough.
  return `${Math.floor((bytes / size) * 10) / 10} ${unit}`;
}

import {
  canonical,
  type ImageResult,
  type ReadinessState,
  readinessStates,
  type ScanResult,
  scanSchemaVersion,
  type WorkloadResult,
} from '../../src/results/index.ts';

/** An image as a scan gives it, ready unless the fields say otherwise. */
export function image(reference: string, fields: Partial<ImageResult> = {}): ImageResult {
  return {
    reference,
    written: [reference],
    uses: [],
    readiness: { state: 'ready' },
    platforms: ['linux/amd64', 'linux/arm64'],
    evidence: [{ kind: 'index-entry', text: 'the index has linux/arm64' }],
    remedies: [],
    ...fields,
  };
}

/** An image in this state, with evidence that names it. */
export function imageIn(state: ReadinessState, reference = `docker.io/library/${state}:1`): ImageResult {
  return image(reference, {
    readiness: state === 'unknown' ? { state, reason: 'timeout' } : { state },
    evidence: [{ kind: 'test', text: `it is ${state}` }],
  });
}

export function workload(name: string, fields: Partial<WorkloadResult> = {}): WorkloadResult {
  return {
    name,
    source: 'kubernetes',
    file: 'app.yaml',
    line: 1,
    ready: true,
    images: [],
    blockers: [],
    constraints: [],
    ...fields,
  };
}

/** A whole result in its order, with the summary counted from its parts. */
export function scanResult(
  parts: Partial<Pick<ScanResult, 'images' | 'workloads' | 'problems'>>,
): ScanResult {
  const { images = [], workloads = [], problems = [] } = parts;
  const states = Object.fromEntries(
    readinessStates.map((state) => [state, images.filter((one) => one.readiness.state === state).length]),
  ) as ScanResult['summary']['states'];
  return canonical({
    schemaVersion: scanSchemaVersion,
    platform: 'linux/arm64',
    summary: {
      images: images.length,
      uses: images.reduce((sum, one) => sum + one.uses.length, 0),
      workloads: workloads.length,
      readyWorkloads: workloads.filter((one) => one.ready).length,
      states,
      problems: problems.length,
    },
    images,
    workloads,
    problems,
  });
}

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArmloadError } from '../core/index.ts';
import { createRegistryClient, startRegistry } from '../registry/index.ts';
import { formats } from '../report/index.ts';
import { type ImageResult, type ReadinessState, readinessStates, type ScanResult } from '../results/index.ts';
import { scan } from '../scan/index.ts';
import { auditTour } from './audit-tour.ts';
import { host, pushFleet } from './fleet.ts';
import type { DemoOptions } from './options.ts';
import { portTour } from './port-tour.ts';

/** What each verdict means, in a line. */
const meanings: Readonly<Record<ReadinessState, string>> = {
  ready: 'arm64 is there, and nothing cheap speaks against it',
  suspect: 'claims arm64, but its own documents contradict it: only the bytes can tell',
  mislabelled: 'an audit read the bytes, and they are of another machine',
  missing: 'no arm64 image; build, port or replace it',
  pinned: "the digest names another platform's image of an index that has arm64: pin the index",
  unresolved: 'the text holds a variable that nothing here sets',
  'not-an-image': 'a chart, a signature or another artifact',
  unknown: 'no answer, and the reason why; never counted as "no"',
};

/**
 * The whole tour on an embedded registry: makes a little fleet, scans the manifests of `examples/shop`, and explains each
 * verdict. No network, no daemon. Gives the exit code: 0, unless a verdict isn't the one the fleet was made for.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'armload-demo-'));
  const registry = await startRegistry({ directory: join(folder, 'registry') });
  const { write } = options;
  try {
    await write('Making a little fleet and pushing it to an embedded registry …\n');
    const pushed = await pushShop(registry.host);
    const shop = await examplesFolder();
    await write(
      `${pushed} images pushed. Now: armload scan examples/shop --all, which ends with exit code 1\nwhen something is not ready, as here on purpose.\n\n`,
    );
    const result = await scan({
      inputs: ['examples/shop'],
      cwd: dirname(dirname(shop)),
      environment: {},
      noCache: true,
      registries: { [host]: { endpoint: registry.url } },
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    await tell(result, options);
    const audited = await auditTour(registry.url, options);
    const ported = await portTour({ endpoint: registry.url, folder }, options);
    if (options.keep)
      await write(
        `\nThe registry's folder is ${join(folder, 'registry')}; serve it with "armload registry".\n`,
      );
    return asExpected(result) && audited && ported ? 0 : 1;
  } finally {
    await registry.close();
    if (!options.keep) await rm(folder, { recursive: true, force: true });
  }
}

async function pushShop(registry: string): Promise<number> {
  const client = createRegistryClient();
  try {
    return await pushFleet((repository) => client.repository({ registry, repository }));
  } finally {
    await client.close();
  }
}

async function tell(result: ScanResult, options: DemoOptions): Promise<void> {
  const table = formats.find((format) => format.name === 'table');
  const { color = false, columns } = options;
  if (table !== undefined)
    await options.write(
      table.render(result, { color, all: true, ...(columns === undefined ? {} : { columns }) }),
    );
  await options.write('\nWhat the verdicts mean:\n');
  for (const state of readinessStates) {
    const image = result.images.find(({ readiness }) => readiness.state === state);
    const example = image === undefined ? 'see below' : shortName(image);
    await options.write(`  ${state.padEnd(12)}  ${meanings[state]} (${example})\n`);
  }
}

function shortName({ reference }: ImageResult): string {
  return reference.replace(`${host}/`, '').replace(/@sha256:([0-9a-f]{8})[0-9a-f]+$/, '@sha256:$1…');
}

/** What the fleet was made to show. */
const expected: Readonly<Record<string, ReadinessState>> = {
  'billing:3.0': 'missing',
  'builder:1.22': 'ready',
  'cache:7.2': 'ready',
  'charts/shop:0.3.0': 'not-an-image',
  'forgotten:1.0': 'unknown',
  'gateway:2.1': 'pinned',
  'mail:2024.1': 'missing',
  'registry.shop.example/report:${REPORT_VERSION}': 'unresolved',
  'runtime:12': 'ready',
  'search:0.9': 'suspect',
  'tools:5.1': 'ready',
  'web:1.4.2': 'ready',
};

function asExpected(result: ScanResult): boolean {
  const found = result.images.map(({ reference, readiness }) => {
    const name =
      readiness.state === 'unresolved' ? reference : reference.replace(`${host}/`, '').replace(/@.*/, '');
    return [name, readiness.state] as const;
  });
  return (
    found.length === Object.keys(expected).length && found.every(([name, state]) => expected[name] === state)
  );
}

/** `examples/shop` of this package, wherever it is installed. */
async function examplesFolder(): Promise<string> {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const examples = join(folder, 'examples', 'shop');
    if (await stat(examples).catch(() => undefined)) return examples;
    const parent = dirname(folder);
    if (parent === folder)
      throw new ArmloadError('EXAMPLES_MISSING', 'the examples folder of this package is gone', {
        hint: 'Install armload again.',
      });
    folder = parent;
  }
}

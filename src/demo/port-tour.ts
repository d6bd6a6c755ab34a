import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { audit } from '../audit/index.ts';
import { type PortSettings, port } from '../port/index.ts';
import { formats, portTotalsOf } from '../report/index.ts';
import type { PortResult } from '../results/index.ts';
import { scan } from '../scan/index.ts';
import { host, mailProgram, mailProgramFor } from './fleet.ts';
import type { DemoOptions } from './options.ts';

const billing = `${host}/billing:3.0`;
const mail = `${host}/mail:2024.1`;

export interface PortTour {
  /** Of the embedded registry. */
  readonly endpoint: string;
  /** A folder of the tour's own. */
  readonly folder: string;
}

/**
 * The last part of the tour: two images that a scan found missing become ready, one by itself, one with a program that a
 * person names. True where all ends as it should.
 */
export async function portTour(tour: PortTour, options: DemoOptions): Promise<boolean> {
  const { write } = options;
  await write(
    `\nWhat the scan found missing, armload makes. First look: armload port ${billing} --dry-run\n\n`,
  );
  const planned = await portImage(tour, options, { reference: billing, dryRun: true });
  await write(`  ${portTotalsOf(planned)}\n`);
  await write(`\nThen port: armload port ${billing} --to ${billing}\n\n`);
  const ported = await portImage(tour, options, { reference: billing, to: billing });
  await write(tableOf((table) => table.renderPort(ported, drawingOf(options))));
  const refused = await portImage(tour, options, { reference: mail, to: mail });
  await tellRefusal(refused, options);
  const from = join(tour.folder, 'maild_linux_arm64');
  await writeFile(from, mailProgramFor('arm64'));
  const replacements = [{ path: mailProgram, from }];
  const lifted = await portImage(tour, options, { reference: mail, to: mail, replacements });
  await write(`  ${portTotalsOf(lifted)}\n`);
  const outcomes = [planned, ported, refused, lifted].map(({ outcome }) => outcome).join(' ');
  return (await isReady(tour, options)) && outcomes === 'planned published refused published';
}

async function portImage(
  { endpoint, folder }: PortTour,
  { onEvent, signal }: DemoOptions,
  settings: PortSettings & { readonly reference: string; readonly to?: string },
): Promise<PortResult> {
  return port({
    ...settings,
    environment: {},
    noCache: true,
    workFolder: join(folder, 'work'),
    registries: { [host]: { endpoint } },
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function tellRefusal(result: PortResult, { write }: DemoOptions): Promise<void> {
  await write(`\nNot everything can be ported by itself: armload port ${mail} --to ${mail}\n\n`);
  for (const { path, why, lift } of result.refusals)
    await write(`  ${result.outcome}  ${path ?? ''}\n    ${why}\n    ${lift}\n`);
  await write(`\nWith the program that its maker released: --replace ${mailProgram}=maild_linux_arm64\n\n`);
}

/** Scans and audits the two images again. */
async function isReady({ endpoint }: PortTour, options: DemoOptions): Promise<boolean> {
  const { write, onEvent, signal } = options;
  const access = {
    environment: {},
    noCache: true,
    registries: { [host]: { endpoint } },
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(signal === undefined ? {} : { signal }),
  };
  await write(
    `\nBoth are ready now: armload scan ${billing} ${mail} --all, and armload audit of the same\n\n`,
  );
  const scanned = await scan({ ...access, inputs: [billing, mail] });
  await write(tableOf((table) => table.render(scanned, { ...drawingOf(options), all: true })));
  const audited = await audit({ ...access, references: [billing, mail] });
  await write('\n');
  await write(tableOf((table) => table.renderAudit(audited, drawingOf(options))));
  return (
    scanned.images.every(({ readiness }) => readiness.state === 'ready') &&
    audited.images.every(({ verdict }) => verdict === 'right')
  );
}

function drawingOf({ color = false, columns }: DemoOptions) {
  return { color, ...(columns === undefined ? {} : { columns }) };
}

function tableOf(draw: (table: (typeof formats)[number]) => string): string {
  const table = formats.find(({ name }) => name === 'table');
  return table === undefined ? '' : draw(table);
}

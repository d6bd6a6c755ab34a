import { audit } from '../audit/index.ts';
import { formats } from '../report/index.ts';
import type { AuditVerdict } from '../results/index.ts';
import { host } from './fleet.ts';
import type { DemoOptions } from './options.ts';

/** Images worth reading, and what their bytes say. */
const expected: readonly (readonly [name: string, verdict: AuditVerdict])[] = [
  ['search:0.9', 'mislabelled'],
  ['tools:5.1', 'mixed'],
  ['web:1.4.2', 'right'],
];

/** The second part of the tour: the bytes of three images that all claim arm64. True where each says what it should. */
export async function auditTour(endpoint: string, options: DemoOptions): Promise<boolean> {
  const references = expected.map(([name]) => `${host}/${name}`);
  await options.write(
    `\nA scan believes labels. Now the bytes of three images that claim arm64:\narmload audit ${references.join(' ')}\n\n`,
  );
  const result = await audit({
    references,
    environment: {},
    noCache: true,
    registries: { [host]: { endpoint } },
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const { color = false, columns } = options;
  const drawing = { color, ...(columns === undefined ? {} : { columns }) };
  const table = formats.find((format) => format.name === 'table');
  if (table !== undefined) await options.write(table.renderAudit(result, drawing));
  const found = new Map(result.images.map(({ reference, verdict }) => [reference, verdict]));
  return expected.every(([name, verdict]) => found.get(`${host}/${name}`) === verdict);
}

import * as z from 'zod';
import { assetsResultSchema } from './assets.ts';
import { auditResultSchema } from './audit.ts';
import { basesResultSchema } from './bases.ts';
import { buildResultSchema, runListSchema } from './build.ts';
import { catalogListSchema, catalogPageSchema, catalogProductSchema } from './catalog.ts';
import { catalogCheckResultSchema } from './catalog-check.ts';
import { fleetResultSchema } from './fleet.ts';
import { planViewSchema } from './plan.ts';
import { portResultSchema } from './port.ts';
import { publishResultSchema } from './publish.ts';
import { scanResultSchema } from './scan.ts';

/** The JSON Schemas of armload's documents, by name; `schemas/` holds them as files. */
export function jsonSchemas(): Record<string, unknown> {
  return {
    scan: { title: 'armload scan --format json', ...z.toJSONSchema(scanResultSchema) },
    audit: { title: 'armload audit --format json', ...z.toJSONSchema(auditResultSchema) },
    port: { title: 'armload port --format json', ...z.toJSONSchema(portResultSchema) },
    'port-fleet': { title: 'armload port --fleet --format json', ...z.toJSONSchema(fleetResultSchema) },
    'catalog-list': { title: 'armload catalog list --format json', ...z.toJSONSchema(catalogListSchema) },
    'catalog-show': { title: 'armload catalog show --format json', ...z.toJSONSchema(catalogProductSchema) },
    'catalog-table': { title: 'armload catalog table --format json', ...z.toJSONSchema(catalogPageSchema) },
    'catalog-check': {
      title: 'armload catalog check --format json',
      ...z.toJSONSchema(catalogCheckResultSchema),
    },
    'catalog-assets': {
      title: 'armload catalog assets --format json',
      ...z.toJSONSchema(assetsResultSchema),
    },
    'catalog-bases': { title: 'armload catalog bases --format json', ...z.toJSONSchema(basesResultSchema) },
    build: { title: 'armload build --format json', ...z.toJSONSchema(buildResultSchema) },
    'build-plan': { title: 'armload build --dry-run --format json', ...z.toJSONSchema(planViewSchema) },
    'build-list': { title: 'armload build list --format json', ...z.toJSONSchema(runListSchema) },
    publish: { title: 'armload publish --format json', ...z.toJSONSchema(publishResultSchema) },
  };
}

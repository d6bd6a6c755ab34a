import * as z from 'zod';
import { auditResultSchema } from './audit.ts';
import { portResultSchema } from './port.ts';
import { publishResultSchema } from './publish.ts';
import { scanResultSchema } from './scan.ts';

/** The JSON Schemas of armload's documents, by name; `schemas/` holds them as files. */
export function jsonSchemas(): Record<string, unknown> {
  return {
    scan: { title: 'armload scan --format json', ...z.toJSONSchema(scanResultSchema) },
    audit: { title: 'armload audit --format json', ...z.toJSONSchema(auditResultSchema) },
    port: { title: 'armload port --format json', ...z.toJSONSchema(portResultSchema) },
    publish: { title: 'armload publish --format json', ...z.toJSONSchema(publishResultSchema) },
  };
}

import * as z from 'zod';
import { auditResultSchema } from './audit.ts';
import { publishResultSchema } from './publish.ts';
import { scanResultSchema } from './scan.ts';

/** The JSON Schemas of armload's documents, by name; `schemas/` holds them as files. */
export function jsonSchemas(): Record<string, unknown> {
  return {
    scan: { title: 'armload scan --format json', ...z.toJSONSchema(scanResultSchema) },
    audit: { title: 'armload audit --format json', ...z.toJSONSchema(auditResultSchema) },
    publish: { title: 'armload publish --format json', ...z.toJSONSchema(publishResultSchema) },
  };
}

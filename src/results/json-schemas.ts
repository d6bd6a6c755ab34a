import * as z from 'zod';
import { scanResultSchema } from './scan.ts';

/** The JSON Schemas of armload's documents, by name; `schemas/` holds them as files. */
export function jsonSchemas(): Record<string, unknown> {
  return { scan: { title: 'armload scan --format json', ...z.toJSONSchema(scanResultSchema) } };
}

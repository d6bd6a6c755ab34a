import * as z from 'zod';
import { recipeSchema } from './schema.ts';

/** The JSON Schema of recipes, for editors and other programs: the rules that hold parts against each other are not in it. */
export function recipeJsonSchema(): Record<string, unknown> {
  return { title: 'armload recipe', ...z.toJSONSchema(recipeSchema, { io: 'input' }) };
}

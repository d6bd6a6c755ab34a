// Writes the JSON Schemas of what armload prints and of the documents it reads, from the zod schemas it validates with.
// `--check` compares instead.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { portRecipeJsonSchema } from '../dist/lib/build/index.js';
import { productJsonSchema } from '../dist/lib/catalog/index.js';
import { recipeJsonSchema } from '../dist/lib/recipe/index.js';
import { jsonSchemas } from '../dist/lib/results/index.js';

const folder = fileURLToPath(new URL('../schemas/', import.meta.url));
mkdirSync(folder, { recursive: true });
let stale = 0;
for (const [name, schema] of Object.entries({
  ...jsonSchemas(),
  recipe: recipeJsonSchema(),
  'port-recipe': portRecipeJsonSchema(),
  product: productJsonSchema(),
})) {
  const file = `${folder}${name}.schema.json`;
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`schemas/${name}.schema.json is stale: run "npm run schemas"`);
    stale += 1;
  }
}
process.exitCode = stale === 0 ? 0 : 1;

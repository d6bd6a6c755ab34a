import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { istioRecipe } from './istio-recipe.test-support.ts';
import { recipeJsonSchema } from './json-schema.ts';

describe('the JSON Schema of recipes', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(recipeJsonSchema());

  it('takes a recipe, and refuses members that there are not', () => {
    const recipe = parse(istioRecipe) as { steps: Record<string, object> };
    expect(validate(recipe)).toBe(true);
    expect(validate({ ...recipe, stpes: {} })).toBe(false);
    expect(validate({ ...recipe, steps: { a: { run: 'x', timeout: '5 minutes' } } })).toBe(false);
    expect(validate({ ...recipe, steps: { A_b: { run: 'x' } } })).toBe(false);
  });
});

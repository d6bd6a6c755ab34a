import { createHash } from 'node:crypto';
import { type DocumentText, type ReadDocument, readDocument } from '../../document/index.ts';
import { checkExpressions } from './checks/expressions.ts';
import { checkOutcomes } from './checks/outcomes.ts';
import { checkParameters } from './checks/parameters.ts';
import { checkPaths } from './checks/paths.ts';
import { Problems } from './checks/problems.ts';
import { checkSecrets } from './checks/secrets.ts';
import { checkSources } from './checks/sources.ts';
import { checkSteps } from './checks/steps.ts';
import { checkTools } from './checks/tools.ts';
import { type RecipeDocument, recipeSchema } from './schema.ts';

/** A recipe whose parts fit together, as its document has it. */
export interface Recipe extends ReadDocument<RecipeDocument> {
  /** Of the text in UTF-8, hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads a recipe and holds its parts against each other. All that's wrong is said at once, with lines.
 * @throws DocumentError `DOCUMENT_MALFORMED` for what is no YAML, `DOCUMENT_INVALID` for what is no recipe.
 */
export function readRecipe(source: DocumentText): Recipe {
  const read = readDocument(recipeSchema, source);
  const problems = new Problems();
  // Secrets first: of a member that holds one, nothing else is said.
  checkSecrets(read.value, problems);
  checkTools(read.value, problems);
  checkParameters(read.value, problems);
  checkSources(read.value, problems);
  checkSteps(read.value, problems);
  checkPaths(read.value, problems);
  checkOutcomes(read.value, problems);
  checkExpressions(read.value, problems);
  if (problems.found.length > 0) throw read.error(problems.found);
  return { ...read, sha256: createHash('sha256').update(source.text).digest('hex') };
}

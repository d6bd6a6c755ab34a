import { ArmloadError } from '../core/index.ts';

/** What can be wrong with a recipe beyond its document, which a DocumentError tells. */
export type RecipeErrorCode =
  /** An expression or condition that is none; `facts.column` counts from 1. */
  | 'EXPRESSION_MALFORMED'
  /** An expression names what isn't there: of a step that was left out, or isn't done yet. */
  | 'VALUE_MISSING'
  /** With the parameters filled in, the recipe can't be done as it says. */
  | 'PLAN_INVALID'
  | 'PLAN_TOO_LARGE'
  /** A path that is not below the workspace. */
  | 'PATH_OUTSIDE'
  /** A file beside the recipe can't be read, or is not beside it. */
  | 'SOURCE_MISSING'
  /** A file beside the recipe is not what the recipe says it is. */
  | 'SOURCE_CHANGED'
  /** A pattern that is no regular expression. */
  | 'PATTERN_MALFORMED'
  /** Whether a text matches can't be told in reasonable time. */
  | 'PATTERN_TOO_SLOW';

export class RecipeError extends ArmloadError<RecipeErrorCode> {}

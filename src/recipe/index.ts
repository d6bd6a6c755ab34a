export { checkParameters } from './document/checks/parameters.ts';
export { Problems, unknownWord } from './document/checks/problems.ts';
export { recipeJsonSchema } from './document/json-schema.ts';
export { matchesPattern } from './document/pattern.ts';
export { type Recipe, readRecipe } from './document/read-recipe.ts';
export {
  parameterSchema,
  type RecipeDocument,
  recipeSchema,
  recipeSchemaVersion,
} from './document/schema.ts';
export { expressionsIn, parseTemplate } from './document/template.ts';
export { RecipeError, type RecipeErrorCode } from './errors.ts';
export { ExecutorError } from './executors/errors.ts';
export { type ExecutorSettings, executorFor } from './executors/executors.ts';
export type { Executor, HostFacts, Place } from './executors/types.ts';
export { ExportError } from './export/errors.ts';
export { type Exported, type ExportOptions, exportShell } from './export/export-shell.ts';
export { exportWorkflow, type WorkflowOptions } from './export/export-workflow.ts';
export { inputHash } from './plan/input-hash.ts';
export { fillParameters } from './plan/parameters.ts';
export { type PlanOptions, planRecipe } from './plan/plan-recipe.ts';
export { evaluate, resolve, resolvePath, secretsIn } from './plan/resolve.ts';
export { sourceCommands } from './plan/source-commands.ts';
export type { Plan, PlannedSource, PlannedStep, Scope, SourceFacts, StepFacts } from './plan/types.ts';
export { showPlan } from './plan/view.ts';
export type { Probe, ProbeEnd } from './preflight/check-tools.ts';
export { type PreflightOptions, preflight, provisionsFor } from './preflight/preflight.ts';
export { type Preflight, type Provision, preflightSchema, type Requirement } from './preflight/types.ts';
export { type CleanedRun, type Cleaning, type CleanOptions, cleanRuns } from './run/clean-runs.ts';
export { RunError } from './run/errors.ts';
export { listRuns, readLog, showRun } from './run/list-runs.ts';
export { resumeRun, runPlan } from './run/runner/run-plan.ts';
export type {
  AuditImage,
  DownloadArchive,
  FinishedImage,
  NewRunOptions,
  Publication,
  PublishImage,
  ResumeOptions,
  RunOptions,
} from './run/runner/types.ts';
export { defaultRunsFolder } from './run/store/run-folder.ts';

import { formatTemplate } from '../../document/template.ts';
import { RecipeError } from '../../errors.ts';
import type { Job } from '../../executors/types.ts';
import { inputHash } from '../../plan/input-hash.ts';
import { evaluate, resolve, resolvePath } from '../../plan/resolve.ts';
import { shellWords } from '../../plan/shell.ts';
import type { PlannedStep } from '../../plan/types.ts';
import type { RunContext } from './context.ts';

/** A step with its holes filled. */
export interface ResolvedStep {
  readonly command: Job['command'];
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly files: readonly {
    readonly name: string;
    readonly path: string;
    readonly machine?: 'arm64' | 'amd64' | 'none';
    readonly sha256?: string;
    readonly executable: boolean;
  }[];
  readonly images: readonly {
    readonly name: string;
    readonly reference: string;
    readonly platform: string;
  }[];
}

/** @throws RecipeError for what has no value, such as an output of a step that was skipped, and for paths that lead out. */
export function resolveStep({ scope }: RunContext, step: PlannedStep): ResolvedStep {
  return {
    command:
      step.command.kind === 'script'
        ? step.command
        : { kind: 'words', words: step.command.words.map((word) => resolve(word, scope)) },
    workdir: resolvePath(step.workdir, scope),
    environment: Object.fromEntries(step.environment.map(({ name, value }) => [name, resolve(value, scope)])),
    files: step.files.map((file) => ({ ...file, path: resolvePath(file.path, scope) })),
    images: step.images.map((image) => ({ ...image, reference: resolve(image.reference, scope) })),
  };
}

/** Is the step to be done at all? @throws RecipeError */
export function stepHolds({ scope }: RunContext, { when }: PlannedStep): boolean {
  return when === undefined || evaluate(when, scope);
}

/** What its result depends on, as a digest. @throws RecipeError */
export function stepInput({ scope, plan, host, knownDigests: known }: RunContext, step: PlannedStep): string {
  return inputHash(step, { plan, scope, host, known });
}

/** The command as a person wrote it: a script, or words with quotes where a shell would want them. */
export function commandText({ command }: PlannedStep): string {
  if (command.kind === 'script') return command.text;
  return shellWords(command.words.map(formatTemplate));
}

/** What the recipe got wrong, and only shows when it runs. */
export function isRecipeProblem(error: unknown): error is RecipeError {
  return error instanceof RecipeError;
}

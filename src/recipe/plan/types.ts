import type { HostFacts } from '../executors/types.ts';

/** Text with holes: literal parts, and expressions whose values are known only while the recipe runs. */
export type Template = readonly (string | Expression)[];

/**
 * `sources.proxy.commit`, `steps.proxy-commit.values.commit`, `host.architecture`, `run.id`, `parameters.token` for a
 * secret. What is known when the recipe is planned (parameters, the value of a foreach) is literal already.
 */
export interface Expression {
  /** As written between the braces, trimmed. */
  readonly text: string;
  readonly path: readonly string[];
  /** Its value is never shown or recorded. */
  readonly secret: boolean;
}

/** A condition, parsed. Opaque: `evaluate` knows. */
export interface Condition {
  /** As written. */
  readonly text: string;
  readonly node: ConditionNode;
}

export type ConditionNode =
  | { readonly kind: 'literal'; readonly value: string | boolean }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'not'; readonly inner: ConditionNode }
  | {
      readonly kind: 'and' | 'or' | 'equal' | 'unequal';
      readonly left: ConditionNode;
      readonly right: ConditionNode;
    };

/** What expressions are looked up in while the recipe runs. */
export interface Scope {
  readonly host: HostFacts;
  readonly run: { readonly id: string };
  /** By parameter: secrets alone. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly sources: ReadonlyMap<string, SourceFacts>;
  /** By the step's id: of steps that are done. */
  readonly steps: ReadonlyMap<string, StepFacts>;
}

/** What a source turned out to be. */
export interface SourceFacts {
  /** Below the workspace. */
  readonly path: string;
  /** Of a git source: 40 hexadecimal digits. */
  readonly commit?: string;
  /** What its content is: a git tree, or the SHA-256 of a file. */
  readonly content: string;
}

/** What a step gave. */
export interface StepFacts {
  readonly values: Readonly<Record<string, string>>;
  /** By name: a path below the workspace, and what's there. */
  readonly files: Readonly<Record<string, { readonly path: string; readonly sha256: string }>>;
  /** By name: a reference of the place's engine, and the image's id there (`sha256:…`). */
  readonly images: Readonly<Record<string, { readonly reference: string; readonly id: string }>>;
}

/** How the steps of a recipe are done: parameters filled in, foreach unrolled, in an order in which they can be done. */
export interface Plan {
  readonly recipe: string;
  readonly product?: string;
  readonly title?: string;
  /** Of the recipe's text, hexadecimal SHA-256. */
  readonly recipeSha256: string;
  /** Those that are no secrets. */
  readonly parameters: Readonly<Record<string, string>>;
  /** By parameter: the environment variable that holds it where armload runs. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly requires: PlannedRequirements;
  readonly passEnvironment: readonly string[];
  readonly sources: readonly PlannedSource[];
  /** Each after all that it needs. */
  readonly steps: readonly PlannedStep[];
  readonly checks: readonly PlannedCheck[];
  readonly publications: readonly PlannedPublication[];
}

export interface PlannedRequirements extends Amounts {
  readonly os?: string;
  readonly architecture?: 'arm64' | 'amd64';
  readonly emulation: boolean;
  readonly tools: readonly PlannedTool[];
  /** Does some step forbid its own network access? Then the place has to be able to. */
  readonly networkIsolation: boolean;
  /** Is there an image among the outputs? Then the place has to have a Docker engine. */
  readonly images: boolean;
}

export interface PlannedTool {
  readonly name: string;
  readonly version?: string;
  readonly command: readonly string[];
  readonly why?: string;
  readonly get: readonly PlannedProvision[];
}

export interface PlannedProvision {
  readonly title?: string;
  readonly when?: Condition;
  readonly script: string;
  readonly newSession: boolean;
}

/** The highest that the recipe and its steps ask for. Bytes. */
export interface Amounts {
  readonly cpus?: number;
  readonly memory?: number;
  readonly disk?: number;
}

export type PlannedSource =
  | {
      readonly kind: 'git';
      readonly name: string;
      readonly url: string;
      readonly commit?: string;
      readonly ref?: string;
      readonly branch?: string;
      readonly submodules: boolean;
      readonly path: string;
    }
  | {
      readonly kind: 'archive';
      readonly name: string;
      readonly url: string;
      readonly sha256: string;
      readonly path: string;
      readonly unpack: boolean;
      readonly strip: number;
      readonly executable: boolean;
    }
  | {
      readonly kind: 'file';
      readonly name: string;
      /** Absolute, on the machine where armload runs. */
      readonly file: string;
      readonly sha256: string;
      readonly path: string;
      readonly executable: boolean;
    };

export type PlannedCommand =
  | { readonly kind: 'script'; readonly text: string }
  | { readonly kind: 'words'; readonly words: readonly Template[] };

export interface PlannedStep {
  /** The step's name; of one of a foreach, `NAME/VALUE`, or `NAME/N` (from 1) where the value is no plain word. */
  readonly id: string;
  readonly name: string;
  readonly title?: string;
  /** Ids of steps that have to be done before: told, the one above, and those that its expressions name. */
  readonly needs: readonly string[];
  readonly when?: Condition;
  readonly command: PlannedCommand;
  /** Below the workspace; empty for the workspace itself. */
  readonly workdir: Template;
  /** Sorted by name. */
  readonly environment: readonly { readonly name: string; readonly value: Template }[];
  readonly timeoutSeconds: number;
  readonly retries: number;
  readonly network: 'allowed' | 'none';
  readonly resources: Amounts;
  readonly expected?: {
    readonly seconds: number;
    readonly on?: string;
    readonly cpus?: number;
    readonly note?: string;
  };
  readonly values: readonly string[];
  readonly files: readonly {
    readonly name: string;
    readonly path: Template;
    readonly machine?: 'arm64' | 'amd64' | 'none';
    readonly sha256?: string;
    readonly executable: boolean;
  }[];
  readonly images: readonly {
    readonly name: string;
    readonly reference: Template;
    readonly platform: string;
  }[];
}

export interface PlannedCheck {
  readonly title: string;
  readonly file?: Template;
  readonly image?: Template;
  readonly machine?: 'arm64' | 'amd64';
  readonly sha256?: string;
  readonly version?: { readonly words: readonly Template[]; readonly matches: string };
}

export interface PlannedPublication {
  readonly image: Template;
  /** The step's id and the output's name that `image` is. */
  readonly step: string;
  readonly output: string;
  readonly name: string;
  readonly tag?: string;
}

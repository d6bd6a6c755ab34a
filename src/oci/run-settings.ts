import * as z from 'zod';
import { check, parseJsonObject, text } from './document.ts';

/** How a container of an image is started (image-spec config.md, `config`). */
export interface RunSettings {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** `NAME=value`; of a name that stands twice the last counts. */
  readonly environment: ReadonlyMap<string, string>;
  /** `/` where the config says none. */
  readonly workingDirectory: string;
  /** As written: a name or number, with `:group` or without. */
  readonly user?: string;
  /** What a health check runs; absent where there is none. The shell form has `shell: true`. */
  readonly healthcheck?: { readonly words: readonly string[]; readonly shell: boolean };
  /** What runs shell forms (Docker's `Shell`); `/bin/sh -c` where the config says none. */
  readonly shell: readonly string[];
  /** Absolute paths that are volumes: something may be mounted over them. */
  readonly volumes: readonly string[];
}

/** Go writes an empty list as null. */
const words = z.array(z.string()).nullish();
const runSchema = z.object({
  config: z
    .object({
      Entrypoint: words,
      Cmd: words,
      Env: words,
      WorkingDir: text,
      User: text,
      Shell: words,
      Healthcheck: z.object({ Test: words }).nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

/**
 * Reads how a container is started from an image config.
 * @throws DocumentError `DOCUMENT_TOO_LARGE` or `DOCUMENT_MALFORMED`, naming the member.
 */
export function parseRunSettings(bytes: Uint8Array): RunSettings {
  const { config } = check(runSchema, parseJsonObject(bytes, 'image config'), 'image config');
  const healthcheck = readHealthcheck(config?.Healthcheck?.Test ?? []);
  return {
    entrypoint: config?.Entrypoint ?? [],
    command: config?.Cmd ?? [],
    environment: new Map((config?.Env ?? []).map(splitVariable)),
    workingDirectory: config?.WorkingDir ?? '/',
    ...(config?.User === undefined ? {} : { user: config.User }),
    ...(healthcheck === undefined ? {} : { healthcheck }),
    shell: config?.Shell?.length ? config.Shell : ['/bin/sh', '-c'],
    volumes: Object.keys(config?.Volumes ?? {}),
  };
}

function splitVariable(variable: string): readonly [string, string] {
  const at = variable.indexOf('=');
  return at < 0 ? [variable, ''] : [variable.slice(0, at), variable.slice(at + 1)];
}

/** `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]` (Docker's image specification 1.2, `Healthcheck`). */
function readHealthcheck(test: readonly string[]): RunSettings['healthcheck'] {
  const [kind, ...rest] = test;
  if (kind === 'CMD' && rest.length > 0) return { words: rest, shell: false };
  if (kind === 'CMD-SHELL' && rest.length > 0) return { words: rest, shell: true };
  return undefined;
}

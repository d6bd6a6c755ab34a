import { UsageError } from '../core/index.ts';
import { DocumentError, type ReadDocument, readDocument } from '../document/index.ts';
import { parseRegistries, type RegistriesSettings } from '../registry/index.ts';
import { type ConfigValues, configSchema, trustedOnly } from './config-schema.ts';

/** The text of a configuration and where it is from. */
export interface ConfigText {
  readonly text: string;
  /** As shown to people. */
  readonly file: string;
  /** Named by the person, not merely found. */
  readonly trusted: boolean;
}

/** What a configuration holds. */
export interface ConfigContent {
  readonly values: Omit<ConfigValues, 'registries'>;
  readonly registries?: RegistriesSettings;
}

/** @throws UsageError `CONFIG` with the line of what is no YAML, unknown, wrong, or not to be trusted. */
export function parseConfigText({ text, file, trusted }: ConfigText): ConfigContent {
  const document = read(text, file);
  if (!trusted) refuseTrustedOnly(document);
  const { registries, ...values } = document.value;
  if (registries === undefined) return { values };
  return { values, registries: parseRegistries(registries, file) };
}

function read(text: string, file: string): ReadDocument<ConfigValues> {
  try {
    return readDocument(configSchema, { text, file });
  } catch (error) {
    if (error instanceof DocumentError) throw new UsageError('CONFIG', error.message, { cause: error });
    throw error;
  }
}

function refuseTrustedOnly({ value, file, placeOf }: ReadDocument<ConfigValues>): void {
  const path = trustedOnly.find((member) => has(value, member));
  if (path === undefined) return;
  const place = placeOf(path);
  throw new UsageError(
    'CONFIG',
    `${place === undefined ? file : `${file}:${place.line}`}: "${path.join('.')}" is not taken from a file that was merely found here, because it decides where credentials go, which answers and parts are believed, or what is run`,
    { hint: `If you trust this file, name it: --config ${file}` },
  );
}

function has(value: unknown, path: readonly string[]): boolean {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return false;
    current = (current as Record<string, unknown>)[key];
  }
  return true;
}

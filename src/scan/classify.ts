import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type InventoryInput, inputNotFound } from '../inventory/index.ts';
import { parseLocation } from '../registry/index.ts';

/** Ends that files of manifests have and references hardly ever. */
const fileEnding = /\.(ya?ml|json|txt|list|env|tpl|dockerfile|containerfile)$/i;

export interface ClassifiedInputs {
  readonly inputs: readonly InventoryInput[];
  /** Texts with a transport before them, checked: `oci:DIR:TAG`, `docker://REFERENCE`. */
  readonly located: readonly string[];
}

/**
 * Tells paths from references: what has a transport before it is an image; what exists is a path; what looks like a path
 * and doesn't exist is a mistake better told than asked of a registry; the rest is a reference.
 * @throws UsageError `INPUT_NOT_FOUND`, and as `parseLocation` does.
 */
export async function classifyInputs(texts: readonly string[], cwd: string): Promise<ClassifiedInputs> {
  const isLocated = (text: string) => /^(oci|oci-archive|docker-archive):|^[a-z][a-z0-9+.-]*:\/\//.test(text);
  const located = texts.filter(isLocated);
  for (const text of located) parseLocation(text);
  const others = texts.filter((text) => !isLocated(text));
  return { located, inputs: await Promise.all(others.map((text) => classify(text, cwd))) };
}

async function classify(text: string, cwd: string): Promise<InventoryInput> {
  if (text === '-' || (text !== '' && (await exists(resolve(cwd, text))))) return text;
  if (text === '' || /^(\.{1,2}|~)?\/|^\.{1,2}$|\/$/.test(text) || fileEnding.test(text))
    throw inputNotFound(text);
  // A reference on the command line that can't be one is a mistake, unlike one found in a file.
  parseLocation(text);
  return { kind: 'argument', text };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // What is there but may not be looked at is told when it is read.
    return error instanceof Error && 'code' in error && error.code === 'EACCES';
  }
}

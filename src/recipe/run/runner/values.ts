import type { PlannedStep } from '../../plan/types.ts';
import { RunError } from '../errors.ts';
import { secretIn } from './secrets.ts';

/** Of a values file: they are recorded, and meant for facts such as commits and versions. */
export const maxValuesBytes = 16 * 1024;

/**
 * What a step wrote to `$ARMLOAD_VALUES`: `name=value` lines, each name that it declares once.
 * @throws RunError `OUTPUT_WRONG` for what's missing, not declared, told twice, or a secret.
 */
export function parseValues(
  bytes: Uint8Array | undefined,
  { step, secrets }: { readonly step: PlannedStep; readonly secrets: ReadonlyMap<string, string> },
): Readonly<Record<string, string>> {
  const text = decode(bytes ?? new Uint8Array());
  const values = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === '') continue;
    const at = line.indexOf('=');
    const name = line.slice(0, at);
    if (at <= 0 || !step.values.includes(name)) throw undeclared(step, { line, index });
    if (values.has(name)) throw wrong(`"${name}" twice`);
    values.set(name, line.slice(at + 1));
  }
  const missing = step.values.find((name) => !values.has(name));
  if (missing !== undefined)
    throw new RunError('OUTPUT_WRONG', `the step did not write the value "${missing}" to $ARMLOAD_VALUES`, {
      hint: `A line "${missing}=…" belongs into the file that ARMLOAD_VALUES names.`,
    });
  refuseSecrets(values, secrets);
  return Object.fromEntries(values);
}

/** Values are recorded and shown. */
function refuseSecrets(values: ReadonlyMap<string, string>, secrets: ReadonlyMap<string, string>): void {
  for (const [name, value] of values) {
    const secret = secretIn(value, secrets);
    if (secret !== undefined)
      throw new RunError(
        'OUTPUT_WRONG',
        `the value "${name}" holds the secret "${secret}"; values are recorded`,
      );
  }
}

function decode(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  throw wrong('something that is no UTF-8 text');
}

/** The line itself isn't told: it may hold anything. */
function undeclared(
  step: PlannedStep,
  { line, index }: { readonly line: string; readonly index: number },
): RunError {
  const known = step.values.length === 0 ? 'no values' : step.values.join(', ');
  const name = /^([\w.-]{1,64})=/.exec(line)?.[1];
  const what = name === undefined ? `line ${index + 1}, which is no name=value` : `"${name}"`;
  return new RunError('OUTPUT_WRONG', `the step wrote ${what} to $ARMLOAD_VALUES; it declares ${known}`);
}

function wrong(what: string): RunError {
  return new RunError('OUTPUT_WRONG', `the step wrote ${what} to $ARMLOAD_VALUES`);
}

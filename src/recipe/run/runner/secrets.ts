import type { Plan } from '../../plan/types.ts';
import { RunError } from '../errors.ts';

/** @throws RunError `SECRET_MISSING` for parameters whose variable isn't set, or empty. */
export function readSecrets(
  { secrets }: Plan,
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const values = Object.entries(secrets).map(([parameter, variable]) => {
    const value = environment[variable];
    if (value === undefined || value === '')
      throw new RunError(
        'SECRET_MISSING',
        `the secret "${parameter}" is wanted from ${variable}, which isn't set`,
        {
          hint: `Set the environment variable ${variable} where armload runs.`,
          facts: { parameter, variable },
        },
      );
    return [parameter, value] as const;
  });
  return new Map(values);
}

const shortest = 6;

/** The values, and other forms in which programs print them: line by line, in base64 (also with a line feed), in URLs. */
export function hiddenForms(secrets: ReadonlyMap<string, string>): readonly string[] {
  const forms = [...secrets.values()].flatMap((value) => [value, ...otherForms(value)]);
  // Longest first, so that no part is taken out of a longer one and the rest of it left to read.
  return [...new Set(forms)].sort((left, right) => right.length - left.length);
}

function otherForms(value: string): readonly string[] {
  const lines = value.split(/\r?\n/);
  const trimmed = value.trim();
  const encoded = [value, trimmed, `${trimmed}\n`].flatMap((text) => [
    ...base64Forms(text),
    Buffer.from(text).toString('hex'),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
  ]);
  return [trimmed, ...lines.map((line) => line.trim()), ...encoded].filter((form) => form.length >= shortest);
}

/** In front of it, in `user:secret`, there may be any number of bytes: base64 comes in three alignments. */
function base64Forms(text: string): readonly string[] {
  const whole = Buffer.from(text);
  const inner = [0, 1, 2].map((shift) => {
    const bytes = whole.subarray((3 - shift) % 3);
    return bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64');
  });
  return [
    whole.toString('base64'),
    ...inner,
    ...inner.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** The parameter whose value, in any form, stands in the text. */
export function secretIn(text: string, secrets: ReadonlyMap<string, string>): string | undefined {
  for (const [parameter, value] of secrets)
    if (hiddenForms(new Map([[parameter, value]])).some((form) => text.includes(form))) return parameter;
  return undefined;
}

/** For text that goes into a record, an event or an error. */
export function hideSecrets(text: string, hidden: readonly string[]): string {
  return hidden.reduce((rest, form) => rest.replaceAll(form, '[secret]'), text);
}

import { InvalidReferenceError, parseReference } from '../oci/index.ts';
import type { Use } from '../results/index.ts';
import type { FoundUse } from './types.ts';

/** What templating looks like in the files people keep, and the sentence for it. First match wins. */
const templates: readonly (readonly [RegExp, (match: string) => string])[] = [
  [/\{\{[^}]{0,200}/, (match) => `it holds a template expression (${short(match)} …); render it first`],
  [/\$\{\{?[^}]{0,200}\}?/, (match) => `it holds the variable ${short(match)}`],
  [/\$\([^)]{0,200}\)?/, (match) => `it holds the variable ${short(match)}`],
  [/\$[A-Za-z_][A-Za-z0-9_]*/, (match) => `it holds the variable ${short(match)}`],
  [/\{%[^%]{0,200}/, (match) => `it holds a template statement (${short(match)} …); render it first`],
  [/#\{[^}]{0,200}\}?/, (match) => `it holds the placeholder ${short(match)}`],
  [/<[A-Za-z][^<>]{0,200}>/, (match) => `it holds the placeholder ${short(match)}`],
  [/@@?[A-Za-z_][A-Za-z0-9_.-]*@@?/, (match) => `it holds the placeholder ${short(match)}`],
  [/@@/, () => 'it holds a placeholder between "@@" marks'],
  [/%(?:\([A-Za-z_][A-Za-z0-9_]*\))?[sdv](?![A-Za-z0-9])/, (match) => `it holds the format mark ${match}`],
  [/%[A-Za-z_][A-Za-z0-9_]*%/, (match) => `it holds the placeholder ${short(match)}`],
  [/__[A-Z][A-Z0-9_]*__/, (match) => `it holds the placeholder ${short(match)}`],
  [/\{[A-Za-z_][A-Za-z0-9_.]*\}/, (match) => `it holds the placeholder ${short(match)}`],
];

/** A text with one of these can't be a template, which saves the patterns for the usual case. */
const templateMarks = /[${<@%#]|__/;

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text.trim();
}

/** Says why a text is a template and no reference yet; `undefined` where it is none. */
export function templateReason(text: string): string | undefined {
  if (!templateMarks.test(text)) return undefined;
  for (const [pattern, sentence] of templates) {
    const match = pattern.exec(text.slice(0, 4096));
    if (match !== null) return sentence(match[0]);
  }
  return undefined;
}

/** Says why a text can't be looked up: a template, or no reference by the grammar. */
function unresolvedReason(text: string): string | undefined {
  const template = templateReason(text);
  if (template !== undefined) return template;
  try {
    parseReference(text);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidReferenceError) return error.message;
    throw error;
  }
}

/** What is known of a text besides its place. */
export interface WrittenText {
  /** As it stands in the file. */
  readonly written: string;
  /** After interpolation, where the source kind has one. */
  readonly resolved?: string;
  /** A reason the source kind knows itself, such as a variable without value. */
  readonly unresolved?: string | undefined;
}

/**
 * Turns a written text into a use. A text that is no reference is kept as unresolved with the sentence that says
 * why: nothing found is ever dropped.
 */
export function foundUse(text: WrittenText, use: Use): FoundUse {
  const written = text.written.trim();
  if (text.unresolved !== undefined) return { written, unresolved: text.unresolved, use };
  const resolved = (text.resolved ?? written).trim();
  const unresolved = unresolvedReason(resolved);
  if (unresolved !== undefined) return { written, unresolved, use };
  return resolved === written ? { written, use } : { written, resolved, use };
}

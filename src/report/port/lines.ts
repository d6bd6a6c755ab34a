import type { Tone } from '../groups.ts';
import { labelledLines, type Page } from '../page.ts';
import { plainText, wrap } from '../text.ts';

const indent = 2;
// As in an audit's table, whose lines stand among these.
const labelWidth = 9;

/** Texts from outside beside a label, broken into lines; nothing where there is none. */
export function labelled(
  label: string,
  texts: readonly string[],
  page: Page,
  tone?: Tone,
): readonly string[] {
  const lines = texts.map(plainText).filter((text) => text !== '');
  return facts(
    label,
    lines.flatMap((text) => inside(text, page)),
    page,
    tone,
  );
}

/** Lines that stay whole, so that they can be copied; what comes from outside in them is plain already. */
export function facts(label: string, lines: readonly string[], page: Page, tone?: Tone): readonly string[] {
  const mark = tone === undefined ? page.paint.dim : (text: string) => page.paint.tone(tone, text);
  return labelledLines(label, lines, { indent, width: labelWidth, mark });
}

/** A plain text as it fits beside the labels, `extra` spaces further in. */
export function inside(text: string, page: Page, extra = 0): readonly string[] {
  return wrap(text, page.columns - indent - labelWidth - extra).map((line) => `${' '.repeat(extra)}${line}`);
}

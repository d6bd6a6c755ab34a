import type { Drawing } from './format.ts';
import { type Paint, paint } from './paint.ts';

const defaultColumns = 100;
const minColumns = 40;

/** What every part of a table has to know. */
export interface Page {
  readonly paint: Paint;
  readonly columns: number;
  readonly all: boolean;
  readonly detail: boolean;
}

export function pageOf(drawing: Drawing): Page {
  return {
    paint: paint(drawing.color ?? false),
    columns: Math.max(minColumns, drawing.columns ?? defaultColumns),
    all: drawing.all ?? false,
    detail: drawing.detail ?? false,
  };
}

/** Where a label and the lines beside it stand. */
export interface Margin {
  /** Spaces before the label. */
  readonly indent: number;
  /** Characters from the label's start to the lines. */
  readonly width: number;
  /** Paints the label, padding included. */
  readonly mark: (label: string) => string;
}

/** The lines, with the label before the first one. */
export function labelledLines(
  label: string,
  lines: readonly string[],
  { indent, width, mark }: Margin,
): readonly string[] {
  const margin = ' '.repeat(indent);
  return lines.map((line, index) =>
    index === 0 ? `${margin}${mark(label.padEnd(width))}${line}` : `${margin}${' '.repeat(width)}${line}`,
  );
}

/** A report of its sections, a blank line between them; those without lines are left out. */
export function joined(sections: readonly (readonly string[])[]): string {
  const texts = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${texts.join('\n\n')}\n`;
}

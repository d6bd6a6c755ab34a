import { styleText } from 'node:util';
import type { Tone } from './groups.ts';

/** Marks up text for a terminal, or leaves it alone. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly tone: (tone: Tone, text: string) => string;
}

const plain: Paint = { bold: (text) => text, dim: (text) => text, tone: (_tone, text) => text };
// Whether there is a terminal is the caller's knowledge, so styleText must not ask a stream.
const always = { validateStream: false } as const;
const colors = { bad: 'red', doubt: 'yellow', quiet: 'dim', good: 'green' } as const satisfies Record<
  Tone,
  string
>;

const colored: Paint = {
  bold: (text) => styleText('bold', text, always),
  dim: (text) => styleText('dim', text, always),
  tone: (tone, text) => styleText(['bold', colors[tone]], text, always),
};

export function paint(color: boolean): Paint {
  return color ? colored : plain;
}

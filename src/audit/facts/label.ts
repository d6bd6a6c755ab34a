import type { Finding } from '../../results/index.ts';
import { isForeignText } from './machine-words.ts';
import type { FactInput } from './types.ts';

/** The last part of label names that say an architecture: Red Hat's `architecture`, `org.example.arch`. */
const names: ReadonlySet<string> = new Set(['architecture', 'arch']);
const maxValue = 64;

/** Labels that call the image one for another machine. */
export function foreignLabel({ subject }: FactInput): readonly Finding[] {
  const { platform, config } = subject;
  return Object.entries(config.labels)
    .filter(([name, value]) => names.has(lastPart(name)) && value.length <= maxValue)
    .filter(([, value]) => isForeignText(value, platform))
    .map(([name, value]) => ({
      kind: 'foreign-label',
      severity: 'note' as const,
      found: `the label ${name}=${value}`,
      expected: platform.architecture,
      why: 'Inventories and scanners that read labels take the image for one of another machine.',
    }));
}

function lastPart(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('/')) + 1).toLowerCase();
}

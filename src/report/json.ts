import type { AuditResult, PublishResult, ScanResult } from '../results/index.ts';

/**
 * The result as one JSON document, two spaces, a newline at the end. Control, direction and invisible characters are
 * written as `\u` escapes: the same data, and nothing that could drive a terminal.
 */
export function renderJson(result: ScanResult | AuditResult | PublishResult): string {
  const text = JSON.stringify(result, undefined, 2);
  return `${text.replace(/[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/gu, escapeUnits)}\n`;
}

function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

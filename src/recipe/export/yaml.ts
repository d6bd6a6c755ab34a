/** A text as a YAML scalar on one line that every reader takes for the same text. */
export function yamlText(text: string): string {
  // JSON's strings are YAML's; what isn't ASCII is spelled out, as readers don't agree on what ends a line.
  return JSON.stringify(text).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * A text of many lines: as a block where that keeps every character, else on one line.
 * @param indent spaces before each line of the block
 */
export function yamlBlock(text: string, indent: number): string {
  const isPlain =
    /^[^\s]/.test(text) && /[^\n]\n$/.test(text) && !/[^\P{C}\n\t]|[\p{Zl}\p{Zp}\ufeff]/u.test(text);
  if (!isPlain) return yamlText(text);
  const lines = text.slice(0, -1).split('\n');
  return `|\n${lines.map((line) => (line === '' ? '' : `${' '.repeat(indent)}${line}`)).join('\n')}`;
}

import type { FileFacts } from '../../binary/index.ts';

/** Is the file for linkers and debuggers only? No kernel starts it, and no loader takes it. */
export function isLinkInput(facts: FileFacts): boolean {
  if (facts.kind === 'library') return true;
  if (facts.kind !== 'elf') return false;
  const { linkage } = facts.elf;
  return linkage === 'object' || linkage === 'debug-only' || linkage === 'core';
}

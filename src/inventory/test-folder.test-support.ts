import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type InventoryInput, type InventoryOptions, takeInventory } from './take-inventory.ts';
import type { FoundUse, Inventory } from './types.ts';

/** Files by relative path. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Runs with a fresh folder that holds these files, and removes it. */
export async function withFolder<Result>(
  files: Files,
  run: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      const full = join(folder, path);
      await mkdir(dirname(full), { recursive: true });
      await writeFile(full, content);
    }
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The inventory of a folder with these files. */
export function inventoryOf(
  files: Files,
  inputs: readonly InventoryInput[] = ['.'],
  options: InventoryOptions = {},
): Promise<Inventory> {
  return withFolder(files, (cwd) => takeInventory(inputs, { cwd, environment: {}, ...options }));
}

/** `file:line:column text`, short enough to compare whole lists. */
export function places(inventory: Inventory): string[] {
  return inventory.uses.map(({ use, written }) => `${use.file}:${use.line}:${use.column} ${written}`);
}

/** What would be looked up, or `? text` where nothing can be. */
export function lookups(inventory: Inventory): string[] {
  return inventory.uses.map(lookup);
}

function lookup(use: FoundUse): string {
  return use.unresolved === undefined ? (use.resolved ?? use.written) : `? ${use.written}`;
}

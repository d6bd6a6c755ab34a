import type { MergedView } from '../../../layer/index.ts';

/**
 * What Node calls `process.versions.modules`, by the headers that come with it (`include/node/node_version.h`); `undefined`
 * where the image has none, or those of several.
 */
export function nodeAbi(view: MergedView): string | undefined {
  const found = new Set<string>();
  for (const there of view.entries()) {
    if (there.entry.kind !== 'file' || !there.path.endsWith('/include/node/node_version.h')) continue;
    const bytes = view.content(there);
    const text = bytes === undefined ? '' : Buffer.from(bytes).toString('latin1');
    found.add(/^#define NODE_MODULE_VERSION (\d+)$/m.exec(text)?.[1] ?? '');
  }
  const [abi] = found;
  return found.size === 1 && abi !== '' ? abi : undefined;
}

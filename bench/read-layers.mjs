// The measured process: reads all layers of an image of a layout, several at a time, as an audit does, and prints what it
// took. Arguments: layout folder, tag, store folder.

import { createLayerReader, folderLayerStore } from '../dist/lib/layer/index.js';
import { parseConfig, parseManifest } from '../dist/lib/oci/index.js';
import { openLayout } from '../dist/lib/registry/index.js';

const [folder, tag, store] = process.argv.slice(2);
const layout = await openLayout(folder);
const { bytes } = await layout.manifest(tag);
const { config, layers } = parseManifest(bytes);
const { diffIds } = parseConfig(await whole(layout.blob(config)));
let fetched = 0;
const repository = { name: layout.name, blob: counted };
const workerFile = new URL('../dist/cli/layer-worker.js', import.meta.url);
const reader = createLayerReader({ store: folderLayerStore(store), workerFile });
const facts = await Promise.all(
  layers.map((descriptor, index) => reader.read({ repository, descriptor, diffId: diffIds[index] })),
);
await reader.close();
const entries = facts.reduce((sum, layer) => sum + layer.entries.length, 0);
const unpacked = facts.reduce((sum, layer) => sum + layer.size, 0);
console.log(
  JSON.stringify({ fetched, entries, unpacked, layers: layers.reduce((sum, { size }) => sum + size, 0) }),
);

async function* counted(descriptor, options) {
  for await (const chunk of layout.blob(descriptor, options)) {
    fetched += chunk.length;
    yield chunk;
  }
}

async function whole(chunks) {
  const parts = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { debianRoot } from './debian-root.ts';
import { LayoutWriter, mountPoints, type WrittenLayer } from './layout-writer.ts';

/** Where builders would cut: the system, its libraries, a virtual machine, what is only read. */
const parts = ['./usr/lib/aarch64-linux-gnu', './usr/lib/jvm', './usr/share'];

/** The layers of the honest Debian, lowest first, made once in a run, in a folder where others can link to them. */
export async function honestLayers(): Promise<readonly WrittenLayer[]> {
  const folder = join(inject('sharedFolder'), 'honest');
  const list = join(folder, 'layers.json');
  if (existsSync(list)) return JSON.parse(readFileSync(list, 'utf8')) as WrittenLayer[];
  const root = await debianRoot();
  const writer = new LayoutWriter(folder);
  const layers = await Promise.all([
    writer.addLayer(root, { createdBy: 'ADD rootfs.tar /', without: [...mountPoints, ...parts] }),
    ...parts.map((path) => writer.addLayer(root, { createdBy: `COPY ${path}`, paths: [path] })),
  ]);
  writeFileSync(list, JSON.stringify(layers));
  return layers;
}

import { createReadStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage, type RunConfig } from '../../src/fixture/index.ts';
import { readTar, type TarMember } from '../../src/tar/index.ts';
import { exec } from './real-parts.ts';

/** A folder's files as an amd64 image of one layer. */
export async function imageOfFolder(root: string, work: string, config: RunConfig) {
  const tar = join(work, `layer-${Date.now()}.tar`);
  await exec('tar', '-C', root, '--xattrs', '-cf', tar, '.');
  return buildImage({
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [await membersOf(tar)],
    config,
  });
}

async function membersOf(tar: string): Promise<readonly TarMember[]> {
  const members: TarMember[] = [];
  for await (const entry of readTar(createReadStream(tar))) {
    const { name, type, mode, uid, gid, mtime, linkName, pax } = entry;
    if (type === 'other' || type === 'sparse') throw new TypeError(`${name} is of the type ${type}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry.body) chunks.push(Uint8Array.from(chunk));
    const body = type === 'file' ? { body: Buffer.concat(chunks) } : {};
    const attributes = new Map([...pax].filter(([key]) => key.startsWith('SCHILY.xattr.')));
    members.push({ name, type, mode, uid, gid, mtime, linkName, pax: attributes, ...body });
  }
  return members;
}

/** Unpacks the arm64 image of an OCI layout, which has no whiteouts. */
export async function unpackArm64(layout: string, root: string): Promise<void> {
  mkdirSync(root, { recursive: true });
  const blob = (digest: string): string => join(layout, 'blobs', digest.replace(':', '/'));
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
  let [entry] = read(join(layout, 'index.json')).manifests;
  for (let list = read(blob(entry.digest)); list.manifests !== undefined; list = read(blob(entry.digest)))
    entry = list.manifests.find(
      ({ platform }: { readonly platform?: { readonly architecture: string } }) =>
        platform?.architecture === 'arm64',
    );
  for (const { digest } of read(blob(entry.digest)).layers)
    await exec('tar', '-C', root, '--xattrs', '--xattrs-include=*', '-xpzf', blob(digest));
}

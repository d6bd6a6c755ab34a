import { gunzipSync, gzipSync } from 'node:zlib';
import type { MergedView } from '../../../layer/index.ts';
import { readTar, type TarMember, writeTar } from '../../../tar/index.ts';
import { imageFile } from '../debian/image-text.ts';
import type { FileParts } from '../shared/replay/file-parts.ts';
import type { ApkPackage } from './database.ts';
import type { FetchedApk } from './fetched.ts';
import { type ApkState, replaceFile } from './replace-file.ts';

const maxBytes = 256 * 1024 ** 2;

/** The scripts of all packages are in one tar, each named for its package, version and checksum. */
export async function planScripts(parts: FileParts, state: ApkState, folder: string): Promise<void> {
  for (const [path, isGzip] of [
    [`${folder}/scripts.tar`, false],
    [`${folder}/scripts.tar.gz`, true],
  ] as const) {
    const { view, newBase } = parts.draft.image;
    const members = await membersOf(view, path, isGzip);
    if (members === undefined) continue;
    const ofBase = await membersOf(newBase, path, isGzip);
    const tar = await tarOf(newMembers(members, ofBase ?? [], state));
    replaceFile(
      parts,
      path,
      isGzip ? gzipSync(tar, { level: 6 }) : tar,
      'the scripts of the packages of the new image',
    );
  }
}

function newMembers(
  old: readonly TarMember[],
  ofBase: readonly TarMember[],
  { standings, ofBase: more, extra }: ApkState,
): readonly TarMember[] {
  const left = new Set(old);
  const made: TarMember[] = [];
  for (const [installed, standing] of standings) {
    if (standing.kind === 'as-it-is' || standing.kind === 'left-over') continue;
    const own = old.filter((member) => isOf(member, installed));
    for (const member of own) left.delete(member);
    if (standing.kind === 'replayed') made.push(...scriptsOf(standing.by.stored, own[0]));
    else if (standing.kind === 'base')
      made.push(...ofBase.filter((member) => isOf(member, standing.sibling)));
  }
  for (const one of more) made.push(...ofBase.filter((member) => isOf(member, one)));
  for (const one of extra) made.push(...scriptsOf(one, undefined));
  return [...left, ...made];
}

function isOf({ name }: TarMember, { name: own, version, checksum }: ApkPackage): boolean {
  return String(name).startsWith(`${own}-${version}.${checksum}.`);
}

function scriptsOf({ offer, apk }: FetchedApk, like: TarMember | undefined): readonly TarMember[] {
  return [...apk.scripts].map(([kind, body]) => ({
    name: `${offer.name}-${offer.version}.${offer.checksum}.${kind}`,
    ...{ body, size: body.length, mode: 0o755, mtime: like?.mtime ?? 0 },
  }));
}

/** `undefined` where there is no such file, or none that could be read. */
async function membersOf(
  view: MergedView,
  path: string,
  isGzip: boolean,
): Promise<readonly TarMember[] | undefined> {
  const file = imageFile(view, path);
  if (file.kind !== 'read') return undefined;
  const members: TarMember[] = [];
  try {
    const bytes = isGzip ? gunzipSync(file.bytes, { maxOutputLength: maxBytes }) : file.bytes;
    for await (const entry of readTar(once(bytes), { maxEntries: 100_000 })) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry.body) chunks.push(Uint8Array.from(chunk));
      const { name, mode, uid, gid, mtime } = entry;
      const body = Buffer.concat(chunks);
      members.push({ name, mode, uid, gid, mtime, body, size: body.length });
    }
  } catch {
    return undefined;
  }
  return members;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function tarOf(members: readonly TarMember[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

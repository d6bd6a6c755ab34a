import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from './real-parts.ts';

/** Who owns a path and what it may: kind and mode in octal, numeric owner and group, capabilities. */
export type Rights = string;

/** Of everything below a root that isn't a link, by path without a leading slash. */
export async function rightsIn(root: string): Promise<Map<string, Rights>> {
  const capabilities = await capabilitiesIn(root);
  const rights = new Map<string, Rights>();
  for (const path of pathsIn(root)) {
    const { mode, uid, gid } = lstatSync(join(root, path));
    if ((mode & 0o170000) === 0o120000) continue;
    rights.set(path, `${mode.toString(8)} ${uid}:${gid} ${capabilities.get(path) ?? ''}`.trimEnd());
  }
  return rights;
}

/** As libcap's tool reads them from the file system: those of files that have any. */
async function capabilitiesIn(root: string): Promise<ReadonlyMap<string, string>> {
  const lines = (await exec('getcap', '-r', root)).split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(root.length + 1, at), line.slice(at + 1)];
    }),
  );
}

/** Files that begin like ELF, by what binutils take for their machine. */
export async function machinesIn(root: string): Promise<Map<string, string[]>> {
  const files = pathsIn(root).filter((path) => isElf(join(root, path)));
  const machines = new Map<string, string[]>();
  for (let at = 0; at < files.length; at += 500) {
    const part = files.slice(at, at + 500);
    // Said of each file, even where there is one only.
    const said = await exec('readelf', '-hW', ...part.map((path) => join(root, path)), '/proc/self/exe');
    const names = [...said.matchAll(/^ *Machine: +(.*)$/gm)].map(([, name]) => name ?? '');
    for (const [index, path] of part.entries()) {
      const name = names[index] ?? 'unknown';
      machines.set(name, [...(machines.get(name) ?? []), path]);
    }
  }
  return machines;
}

const magic = 0x7f45_4c46;

/** Devices, FIFOs and sockets are never opened: that may take for ever. */
function isElf(path: string): boolean {
  if (!lstatSync(path).isFile()) return false;
  const header = Buffer.alloc(4);
  const descriptor = openSync(path, 'r');
  const length = readSync(descriptor, header, 0, 4, 0);
  closeSync(descriptor);
  return length === 4 && header.readUInt32BE() === magic;
}

function pathsIn(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? [path, ...pathsIn(root, path)] : [path];
  });
}

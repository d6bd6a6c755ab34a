import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { machineCodeIn } from '../../../binary/index.ts';
import type { ViewEntry } from '../../../layer/index.ts';
import { extractMember } from '../release/archive.ts';
import { ReleaseError } from '../release/errors.ts';
import { describe } from '../release/kept-file.ts';
import type { NativeAsset } from './documents.ts';
import { forMachine } from './rids.ts';
import type { NugetSource } from './source.ts';
import type { TakeParts } from './take-host.ts';
import type { Taken } from './types.ts';

/**
 * A package's library for the new machine, of the version that has the image's own file, byte for byte.
 * @throws DotnetError, FetchError, FileError, the signal's reason.
 */
export async function takeNative(
  { file, asset }: { readonly file: ViewEntry; readonly asset: NativeAsset },
  parts: TakeParts,
): Promise<Taken> {
  const { image } = parts;
  const [from, to] = [image.source.architecture, image.target.architecture];
  const name = `${asset.package} ${asset.version}`;
  const path = forMachine(asset.path, from, to);
  if (path === undefined) return none(name, to, `its ${asset.path} is named for no machine`);
  for (const source of parts.sources) {
    const old = await memberOf(source, asset, parts);
    if (old?.sha256 !== file.entry.sha256) continue;
    // Some have a package for each platform.
    const packageName = forMachine(asset.package, from, to) ?? asset.package;
    const found = await memberOf(source, { ...asset, package: packageName, path }, parts);
    if (found === undefined) return none(name, to, `it has no ${path}`);
    const { facts, size, sha256, pack } = found;
    const own = machineCodeIn(facts).filter((code) => code.path === '' && code.offset === 0);
    if (facts.kind !== 'elf' || own.some(({ architecture }) => architecture !== to))
      return {
        kind: 'refused',
        why: {
          kind: 'counterpart',
          why: `${path} of ${name} is not machine code for ${to}`,
          lift: `Look for another version of ${asset.package}.`,
        },
      };
    const content = () => createReadStream(found.file, { highWaterMark: 1024 ** 2 });
    const { version } = asset;
    return {
      kind: 'found',
      file: { content, facts, size, sha256, package: { name: packageName, version, ...pack } },
    };
  }
  const where = parts.sources.map((one) => one.shown).join(' and ');
  return {
    kind: 'refused',
    why: {
      kind: 'altered',
      why: `no ${name} of ${where} has it with these bytes`,
      lift: 'Name the source that it is from in port.dotnet.sources.',
    },
  };
}

async function memberOf(
  source: NugetSource,
  asset: Pick<NativeAsset, 'package' | 'version' | 'path'>,
  { folder, limits, signal }: TakeParts,
) {
  const pack = await source.get(asset.package, asset.version);
  if (pack === undefined) return undefined;
  const to = join(folder, randomUUID());
  const bounds = { bytes: limits.memberBytes, unpackedBytes: limits.unpackedBytes, time: limits.time };
  try {
    await extractMember(pack.file, to, {
      ...{ name: asset.package, member: asset.path, limits: bounds },
      ...(signal && { signal }),
    });
  } catch (error) {
    if (error instanceof ReleaseError && error.code !== 'RELEASE_UNREADABLE') return undefined;
    throw error;
  }
  const { url, sha256, size } = pack;
  return { ...(await describe(to, asset.path, signal)), pack: { url, sha256, size } };
}

function none(name: string, architecture: string, what: string): Taken {
  return {
    kind: 'refused',
    why: {
      kind: 'no-counterpart',
      why: `${name} has no library for ${architecture}: ${what}`,
      lift: 'Build the program with a version of the package that has one.',
    },
  };
}

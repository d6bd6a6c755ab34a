import { createHash } from 'node:crypto';
import { inspectBytes } from '../../../binary/index.ts';
import type { PortImage } from '../../origin-types.ts';
import { bytesInZip } from '../java/zip-text.ts';
import { madeHost } from './app-host.ts';
import type { DotnetProgram } from './find-programs.ts';
import type { DotnetLimits } from './limits.ts';
import { machineOf } from './rids.ts';
import type { FetchedPackage, NugetSource } from './source.ts';
import type { NewFile, Taken } from './types.ts';

const packPrefix = 'Microsoft.NETCore.App.Host';

export interface TakeParts {
  readonly sources: readonly NugetSource[];
  readonly image: Pick<PortImage, 'source' | 'target'>;
  readonly limits: DotnetLimits;
  /** An empty folder of this origin's own. */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * The host that starts a program: of the very version whose template for the old machine gives the image's own host, byte for
 * byte, the template for the new.
 * @throws DotnetError, FetchError, FileError, the signal's reason.
 */
export async function takeHost(program: DotnetProgram, parts: TakeParts): Promise<Taken> {
  const { host } = program;
  const { release } = program.config;
  if (host === undefined || release === undefined)
    return refused('which .NET it is for is not said', 'Build the program for the platform.');
  const { sources, image, limits } = parts;
  const libc = isMusl(program) ? 'linux-musl' : 'linux';
  const [oldPack, newPack] = [image.source, image.target].map(
    ({ architecture }) => `${packPrefix}.${libc}-${machineOf(architecture)}`,
  ) as [string, string];
  for (const source of sources) {
    const versions = (await source.versions(oldPack)).filter((one) => one.startsWith(`${release}.`));
    for (const version of versions.sort(newestFirst).slice(0, limits.versions)) {
      const old = await hostOf(await source.get(oldPack, version), oldPack, program);
      if (old === undefined || sha256(old) !== host.entry.sha256) continue;
      const pack = await source.get(newPack, version);
      if (pack === undefined)
        return refused(
          `${source.shown} has no ${newPack} ${version}, the counterpart of its own`,
          'Name another source in port.dotnet.sources.',
        );
      return newHost(pack, { newPack, version, program }, parts);
    }
  }
  const where = sources.map((one) => one.shown).join(' and ');
  return refused(
    `no ${oldPack} ${release} of ${where} gives it: it was altered, or is from elsewhere`,
    `Build the program for the platform, or start it as dotnet ${program.name}.dll and waive it.`,
  );
}

function isMusl({ host }: DotnetProgram): boolean {
  const facts = host?.entry.facts;
  return facts?.kind === 'elf' && (facts.elf.interpreter ?? '').includes('musl');
}

async function newHost(
  pack: FetchedPackage,
  {
    newPack,
    version,
    program,
  }: { readonly newPack: string; readonly version: string; readonly program: DotnetProgram },
  { image }: TakeParts,
): Promise<Taken> {
  const bytes = await hostOf(pack, newPack, program);
  const facts = bytes === undefined ? undefined : inspectBytes(program.name, bytes);
  const isRight =
    facts?.kind === 'elf' &&
    facts.elf.architecture === image.target.architecture &&
    facts.elf.linkage !== 'shared-library';
  if (bytes === undefined || facts === undefined || !isRight)
    return {
      kind: 'refused',
      why: {
        kind: 'counterpart',
        why: `${newPack} ${version} has no host for ${image.target.architecture}`,
        lift: 'Name another source in port.dotnet.sources.',
      },
    };
  const content = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  const { url, sha256: sum, size } = pack;
  const file: NewFile = {
    ...{ content, facts, size: bytes.length, sha256: sha256(bytes) },
    package: { name: newPack, version, url, sha256: sum, size },
  };
  return { kind: 'found', file };
}

const maxHost = 32 * 1024 ** 2;

async function hostOf(
  pack: FetchedPackage | undefined,
  name: string,
  program: DotnetProgram,
): Promise<Buffer | undefined> {
  if (pack === undefined) return undefined;
  const rid = name.slice(packPrefix.length + 1);
  const member = new RegExp(`^runtimes/${rid}/native/apphost$`);
  const template = await bytesInZip(pack.file, member, maxHost);
  return template === undefined ? undefined : madeHost(template, `${program.name}.dll`);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Releases before what precedes them. */
function newestFirst(left: string, right: string): number {
  const [one, other] = [left, right].map((text) => text.split('-'));
  const numbers = (parts: readonly string[] | undefined) => (parts?.[0] ?? '').split('.').map(Number);
  const [a, b] = [numbers(one), numbers(other)];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (b[at] ?? 0) - (a[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return (one?.length ?? 0) - (other?.length ?? 0) || (left < right ? 1 : -1);
}

function refused(why: string, lift: string): Taken {
  return {
    kind: 'refused',
    why: { kind: 'no-counterpart', why: `the host that starts it has no counterpart: ${why}`, lift },
  };
}

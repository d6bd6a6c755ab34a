import { join } from 'node:path';
import { redact } from '../../../../core/index.ts';
import type { MergedView } from '../../../../layer/index.ts';
import type { Fetch } from '../../../fetch/index.ts';
import type { Material, OriginContext } from '../../../origin-types.ts';
import type { RegistryChoice } from '../configuration/index.ts';
import type { NodeLimits } from '../limits.ts';
import { findLocked } from '../locks/index.ts';
import {
  obtainTarball,
  type PackageFile,
  type Tarball,
  TarballCache,
  unpackTarball,
  type VersionRecord,
} from '../registry/index.ts';

/** A package of a registry, unpacked. */
export interface ObtainedPackage {
  readonly record: VersionRecord;
  readonly tarball: Tarball;
  readonly files: ReadonlyMap<string, PackageFile>;
  /** For people: who vouches for it, and what was asked. */
  readonly notes: readonly string[];
}

export interface PackageSourceParts {
  readonly view: MergedView;
  readonly context: OriginContext;
  readonly fetch: Fetch;
  readonly limits: NodeLimits;
}

/** Gets packages of registries, each once. */
export class PackageSource {
  readonly #parts: PackageSourceParts;
  readonly #cache: TarballCache;
  readonly #known = new Map<string, Promise<ObtainedPackage>>();

  constructor(parts: PackageSourceParts) {
    this.#parts = parts;
    this.#cache = new TarballCache(join(parts.context.cache, 'tarballs'), parts.context.clock);
  }

  /**
   * The package, checked against the lock files of the project that it's for.
   * @throws NodeError, or the signal's reason.
   */
  obtain(record: VersionRecord, registry: RegistryChoice, project: string): Promise<ObtainedPackage> {
    const key = JSON.stringify([registry.url, record.name, record.version, project]);
    const known = this.#known.get(key) ?? this.#fetch(record, registry, project);
    this.#known.set(key, known);
    return known;
  }

  async #fetch(record: VersionRecord, registry: RegistryChoice, project: string): Promise<ObtainedPackage> {
    const { view, context, fetch, limits } = this.#parts;
    const { clock, signal, folder } = context;
    const place = join(folder, String(this.#known.size));
    const locked = findLocked(view, project, record);
    const parts = { cache: this.#cache, clock, signal, limits, fetch };
    const tarball = await obtainTarball({ record, registry, locked: locked.integrities }, parts);
    const name = `${record.name} ${record.version}`;
    const files = await unpackTarball(tarball.file, { name, folder: place, limits, signal });
    const vouchers = [...new Set(tarball.vouchers.map(({ from }) => from))].join(' and ');
    const notes = [
      `its hash is that of ${vouchers}`,
      `asked of ${redact(registry.url)}, as ${registry.from} says`,
      ...locked.notes,
    ];
    return { record, tarball, files, notes };
  }
}

export function materialOf({ record, tarball, notes }: ObtainedPackage, architecture: string): Material {
  const { name, version } = record;
  return {
    ...{ origin: 'node', name, version, architecture },
    uri: redact(tarball.url),
    sha256: tarball.sha256,
    size: tarball.size,
    purl: `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`,
    notes,
  };
}

import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Catalog, Observation } from '../catalog/index.ts';
import { systemClock } from '../core/index.ts';
import { collect } from './base-command.ts';
import type { Config } from './config.ts';
import type { Io } from './io.ts';
import { present, read } from './settings.ts';

/** The options of commands that ask the catalog, as commander gives them. */
export interface CatalogFlags {
  readonly catalog?: readonly string[];
  readonly observations?: string;
}

/** Where the catalog is; absolute. */
export interface CatalogSettings {
  /** People's own, beside the package's. */
  readonly folders: readonly string[];
  /** Absent for the state folder of the person. */
  readonly observations?: string;
}

/** Adds the option of commands that ask the catalog what people say, and not what was seen. */
export function withCatalogOption(command: Command): Command {
  return command.option(
    '--catalog <dir>',
    "a catalog of your own beside the package's; may be repeated",
    collect,
  );
}

/** Adds the options of commands that ask the catalog. */
export function withCatalogOptions(command: Command): Command {
  return withCatalogOption(command).option(
    '--observations <dir>',
    'where what was seen is kept (default: your state folder)',
  );
}

/** Folders of the configuration first, so that those of the command line go before them; the other option replaces. */
export function catalogSettings(
  { catalog = [], observations }: CatalogFlags,
  { values, directory }: Config,
  cwd: string,
): CatalogSettings {
  const { folders = [], observations: configured } = values.catalog ?? {};
  return {
    folders: [
      ...folders.map((folder) => resolve(directory, folder)),
      ...catalog.map((folder) => resolve(cwd, folder)),
    ],
    ...present({
      observations:
        read(observations, (folder) => resolve(cwd, folder)) ??
        read(configured, (folder) => resolve(directory, folder)),
    }),
  };
}

/**
 * Reads the catalog alone.
 * @throws CatalogError
 */
export async function readCatalog(
  flags: CatalogFlags,
  { config, io }: { readonly config: Config; readonly io: Pick<Io, 'cwd' | 'signal'> },
): Promise<Catalog> {
  const { loadCatalog } = await import('../catalog/index.ts');
  const { folders } = catalogSettings(flags, config, io.cwd);
  return await loadCatalog({ folders, cwd: io.cwd, signal: io.signal });
}

/** The catalog, and what was seen of its products. */
export interface OpenedCatalog {
  readonly catalog: Catalog;
  /** Of all products, or of those that were asked for. */
  readonly observations: (product: string) => readonly Observation[];
  /** Of files of observations, each a sentence. */
  readonly problems: readonly string[];
  readonly now: number;
}

/**
 * Reads the catalog, and the observations of the products that `products` picks.
 * @throws CatalogError
 */
export async function openCatalog(
  { folders, observations }: CatalogSettings,
  { cwd, environment, signal }: Pick<Io, 'cwd' | 'environment' | 'signal'>,
  products: (catalog: Catalog) => readonly { readonly name: string }[] = (catalog) => catalog.products,
): Promise<OpenedCatalog> {
  const { defaultObservationsFolder, loadCatalog, readObservations } = await import('../catalog/index.ts');
  const catalog = await loadCatalog({ folders, cwd, signal });
  const folder = observations ?? defaultObservationsFolder(environment);
  const kept = new Map<string, readonly Observation[]>();
  const problems: string[] = [];
  for (const { name } of products(catalog)) {
    const file = await readObservations(folder, name, { signal });
    kept.set(name, file.observations);
    problems.push(...file.problems);
  }
  return { catalog, observations: (name) => kept.get(name) ?? [], problems, now: systemClock.now() };
}

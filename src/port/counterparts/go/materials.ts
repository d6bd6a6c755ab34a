import { createHash, randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { redact } from '../../../core/index.ts';
import type { Material } from '../../origin-types.ts';
import { piecesOf } from '../release/kept-file.ts';
import type { BuiltProgram } from './build.ts';
import type { GoModule } from './build-info.ts';
import type { Clone } from './clone.ts';
import { checkEnd } from './outcome.ts';
import type { Recipe } from './recipe.ts';
import type { Run } from './run.ts';
import type { Toolchain } from './toolchain.ts';

export interface MaterialParts {
  readonly run: Run;
  readonly toolchain: Toolchain;
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/** What a program was built of: its module or its repository, and the modules of the cache that are in it. */
export async function materialsOf(
  recipe: Recipe,
  built: BuiltProgram,
  { clone, ...parts }: MaterialParts & { readonly clone: Clone | undefined },
): Promise<readonly Material[]> {
  const used = built.info.dependencies.map(({ replacedBy, ...module }) => replacedBy ?? module);
  const modules = [built.info.module, ...used].filter(({ sum }) => sum !== undefined);
  const materials: Material[] = clone === undefined ? [] : [await repository(recipe, clone, parts)];
  for (const module of modules) {
    const material = await moduleMaterial(module, parts);
    if (material !== undefined) materials.push(material);
  }
  return materials;
}

/** `undefined` where the cache has no archive of it any more. */
async function moduleMaterial(
  { path, version, sum }: GoModule,
  { toolchain, signal }: MaterialParts,
): Promise<Material | undefined> {
  const name = `${escaped(path)}/@v/${escaped(version)}.zip`;
  const file = join(toolchain.settings['GOMODCACHE'] ?? '', 'cache/download', name);
  const archive = await hashOf(file, signal);
  if (archive === undefined) return undefined;
  const purl = `pkg:golang/${path}@${encodeURIComponent(version)}`;
  return {
    ...{ origin: 'go', name: path, version, uri: addressIn(toolchain.settings, name) ?? purl },
    ...archive,
    purl,
    notes: [`its checksum is ${sum}`],
  };
}

/** At the proxy that is asked first, as far as modules are asked for there. */
function addressIn(settings: Toolchain['settings'], name: string): string | undefined {
  const proxy = (settings['GOPROXY'] ?? '').split(/[,|]/, 1)[0]?.trim() ?? '';
  const isPrivate = (settings['GONOPROXY'] ?? settings['GOPRIVATE'] ?? '') !== '';
  if (isPrivate || !/^https?:\/\//.test(proxy) || !URL.canParse(proxy)) return undefined;
  const url = new URL(proxy);
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return redact(`${url.href.replace(/\/+$/, '')}/${name}`);
}

/** Go's own way of writing names for file systems that don't tell capitals from small letters. */
function escaped(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

async function hashOf(
  file: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly sha256: string; readonly size: number } | undefined> {
  const status = await stat(file).catch(() => undefined);
  if (status?.isFile() !== true) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of piecesOf(file, { signal })) hash.update(chunk);
  return { sha256: hash.digest('hex'), size: status.size };
}

async function repository(
  { info, source, toolchain: version }: Recipe,
  clone: Clone,
  { run, toolchain, folder, signal }: MaterialParts,
): Promise<Material> {
  const revision = source.kind === 'git' ? source.revision : '';
  const file = join(folder, `${randomUUID()}.tar`);
  const environment = await toolchain.environmentFor(version);
  const words = ['archive', '--format=tar', '-o', file, revision];
  checkEnd(
    await run('git', words, { environment, folder: clone.folder, timeoutSeconds: 600, signal }),
    'git archive',
  );
  const archive = await hashOf(file, signal);
  await rm(file, { force: true });
  return {
    ...{ origin: 'go', name: info.module.path, version: revision },
    uri: redact(`git+${clone.url}@${revision}`),
    sha256: archive?.sha256 ?? '',
    ...(archive === undefined ? {} : { size: archive.size }),
    purl: `pkg:golang/${info.module.path}@${encodeURIComponent(info.module.version)}`,
    notes: ['the SHA-256 is that of what git archive makes of the revision, as a tar'],
  };
}

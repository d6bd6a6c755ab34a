import { codeWithoutTwin } from '../../../audit/index.ts';
import type { ViewEntry } from '../../../layer/index.ts';
import type { PortImage } from '../../origin-types.ts';
import { type NativeAsset, type RuntimeConfig, readAssets, readRuntimeConfig } from './documents.ts';

/** A program of .NET, as `dotnet publish` lays it out, with its files for the old machine. */
export interface DotnetProgram {
  /** `NAME` of `NAME.dll`. */
  readonly name: string;
  /** The folder that it lies in. */
  readonly folder: string;
  readonly config: RuntimeConfig;
  /** The executable that starts it, where it's there. */
  readonly host?: ViewEntry;
  /** Assemblies with code compiled ahead for the old machine. */
  readonly ahead: readonly ViewEntry[];
  /** Libraries of packages, with where they are from. */
  readonly natives: readonly { readonly file: ViewEntry; readonly asset: NativeAsset }[];
  /** Files that packages of it bring, as its deps.json lists them: paths in the packages. */
  readonly listed: ReadonlySet<string>;
  /** All its files with code for the old machine. */
  readonly foreign: readonly ViewEntry[];
}

export const wantedDotnet = ['**/*.runtimeconfig.json', '**/*.deps.json'];

const configName = /^(?:(.*)\/)?([^/]+)\.runtimeconfig\.json$/;

/** The programs above the base that have files for the old machine which nobody answers for. */
export function findPrograms(image: PortImage, taken: ReadonlySet<string>): readonly DotnetProgram[] {
  const { view, source, target, baseLayers } = image;
  const places = [...view.entries()].flatMap(({ path }) => {
    const match = configName.exec(path);
    return match === null ? [] : [{ folder: match[1] ?? '', name: match[2] ?? '', path }];
  });
  if (places.length === 0) return [];
  const foreign = codeWithoutTwin(view, target)
    .filter(
      ({ innerPath, code }) =>
        innerPath === '' && code.offset === 0 && code.architecture === source.architecture,
    )
    .map(({ entry }) => entry)
    .filter(({ path, layer }) => layer >= baseLayers && !taken.has(path));
  const answered = new Set<string>();
  return places.flatMap(({ folder, name, path }) => {
    const config = readRuntimeConfig(view, path);
    if (config === undefined || view.lookup(inFolder(folder, `${name}.dll`)) === undefined) return [];
    const own = foreign.filter((file) => isOf(file.path, folder) && !answered.has(file.path));
    const program = programOf({ name, folder, config, foreign: own }, image);
    // Of several programs in a folder each has its own host; the first answers for the rest.
    for (const file of [...program.ahead, ...program.natives.map((one) => one.file)]) answered.add(file.path);
    if (program.host !== undefined) answered.add(program.host.path);
    return own.length === 0 ? [] : [program];
  });
}

export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** Beside the program, in a folder of a language (`de/`), or of a platform (`runtimes/linux-x64/native`). */
function isOf(path: string, folder: string): boolean {
  if (folder !== '' && !path.startsWith(`${folder}/`)) return false;
  const inner = path.slice(folder === '' ? 0 : folder.length + 1).split('/');
  return inner.length <= 2 || inner[0] === 'runtimes';
}

function programOf(
  known: Pick<DotnetProgram, 'name' | 'folder' | 'config' | 'foreign'>,
  { view }: PortImage,
): DotnetProgram {
  const { name, folder, foreign } = known;
  const assets = readAssets(view, inFolder(folder, `${name}.deps.json`));
  const hostPath = inFolder(folder, name);
  const host = foreign.find(({ path, entry }) => path === hostPath && entry.facts?.kind === 'elf');
  const natives = foreign.flatMap((file) => {
    const inner = file.path.slice(folder === '' ? 0 : folder.length + 1);
    const asset = assets.find((one) =>
      one.isByPlatform ? one.path === inner : one.path.slice(one.path.lastIndexOf('/') + 1) === inner,
    );
    return asset === undefined || file === host ? [] : [{ file, asset }];
  });
  return {
    ...known,
    ...(host !== undefined && { host }),
    ahead: foreign.filter(
      ({ entry }) => entry.facts?.kind === 'pe' && entry.facts.pe.managed === 'ready-to-run',
    ),
    natives,
    listed: new Set(assets.map(({ path }) => path)),
  };
}

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbort } from '../../../core/index.ts';
import type { GoSettings } from '../../options.ts';
import type { Material, Origin, OriginContext, OriginPlan, PortImage, Refusal } from '../../origin-types.ts';
import type { PathPlan } from '../../plan-types.ts';
import { piecesOf } from '../release/kept-file.ts';
import { ReleaseAssets } from './assets/release-assets.ts';
import { KeptBuilds, type ReadyProgram } from './kept-builds.ts';
import { machineVariables } from './machine.ts';
import { makeProgram } from './make-program.ts';
import { type FoundProgram, findPrograms } from './programs.ts';
import { type Recipe, readRecipe } from './recipe.ts';
import { failureDoubt, incompleteDoubt, misnamedDoubt, refusalsOf } from './refusals.ts';
import { type Environment, type Run, runProgram } from './run.ts';
import { openToolchain, type Toolchain } from './toolchain.ts';

export interface GoParts {
  /** Where the go command, git and their settings are found. */
  readonly environment: Environment;
  /** What names of files are relative to; the process's own folder unless told. */
  readonly cwd?: string;
  /** Runs programs of this machine unless told. */
  readonly run?: Run;
}

const nothing: OriginPlan = { paths: new Map(), added: [], refusals: [], materials: [], notes: [] };
const defaultTimeout = 1800;

/**
 * Static Go programs: upstream's own release where one is named and was built the same way. Else built anew for the target:
 * from the same module or revision, by the same Go, with the same settings, all as the program itself has them. A recipe
 * counts only where it gives the image's own program on the old machine.
 */
export function goOrigin(settings: GoSettings = {}, parts: GoParts): Origin {
  return {
    name: 'go',
    wanted: [],
    async plan(image, context) {
      if (settings.enabled === false) return nothing;
      const machine = machineVariables(image.target);
      if (machine === undefined) return nothing;
      const planner = new Planner(image, context, { settings, parts });
      try {
        for (const program of findPrograms(image, context.taken)) await planner.add(program);
      } finally {
        await planner.close();
      }
      return planner.plan();
    },
  };
}

class Planner {
  readonly #image: PortImage;
  readonly #context: OriginContext;
  readonly #settings: GoSettings;
  readonly #parts: GoParts;
  readonly #kept: KeptBuilds;
  readonly #assets: ReleaseAssets;
  readonly #paths = new Map<string, PathPlan>();
  readonly #refusals: Refusal[] = [];
  readonly #materials = new Map<string, Material>();
  readonly #notes: string[] = [];
  #toolchain: Promise<Toolchain> | undefined;

  constructor(
    image: PortImage,
    context: OriginContext,
    { settings, parts }: { readonly settings: GoSettings; readonly parts: GoParts },
  ) {
    this.#image = image;
    this.#context = context;
    this.#settings = settings;
    this.#parts = parts;
    this.#kept = new KeptBuilds(join(context.cache, 'programs'));
    const { environment, cwd = process.cwd() } = parts;
    this.#assets = new ReleaseAssets(settings.assets ?? [], {
      ...{ cwd, environment, context, target: image.target },
    });
  }

  /** Call it when all programs were added. */
  close(): Promise<void> {
    return this.#assets.close();
  }

  plan(): OriginPlan {
    return {
      paths: this.#paths,
      added: [],
      refusals: this.#refusals,
      materials: [...this.#materials.values()],
      notes: this.#notes,
    };
  }

  async add(program: FoundProgram): Promise<void> {
    const { signal, onEvent } = this.#context;
    signal?.throwIfAborted();
    const { misnamed, paths, name } = program;
    this.#refuse(program, misnamed, misnamedDoubt(this.#image.source.architecture));
    const rightly = paths.filter((path) => !misnamed.includes(path));
    if (rightly.length === 0) return;
    const recipe = readRecipe(program.facts);
    if ('why' in recipe) return this.#refuse(program, rightly, incompleteDoubt(recipe));
    try {
      if (await this.#useAsset(program, rightly, recipe)) return;
      onEvent?.({ type: 'phase', phase: `building ${name} for ${this.#image.target.architecture}` });
      this.#use(program, rightly, await this.#ready(program, recipe));
    } catch (error) {
      signal?.throwIfAborted();
      if (isAbort(error)) throw error;
      this.#refuse(program, rightly, failureDoubt(error));
    }
  }

  /** What a person says that it was linked with can only be held to by building. */
  async #useAsset(program: FoundProgram, paths: readonly string[], recipe: Recipe): Promise<boolean> {
    if (this.#linkFlagsFor(program) !== undefined) return false;
    const { ready, notes } = await this.#assets.find(recipe);
    this.#notes.push(...notes);
    if (ready === undefined) return false;
    const { name } = program;
    this.#notes.push(`${name} for ${this.#image.target.architecture} is upstream's release: ${ready.proof}`);
    const why = `upstream's release for ${this.#image.target.architecture}, built as the old one was: ${name}`;
    this.#take(paths, ready, { why, origin: `go: ${name} (release)` });
    return true;
  }

  #ready(program: FoundProgram, recipe: Recipe): Promise<ReadyProgram> {
    const { sharing, signal } = this.#context;
    const make = (): Promise<ReadyProgram> => this.#keptOrMade(program, recipe);
    return sharing === undefined
      ? make()
      : sharing.turns.take(`program ${program.sha256} ${this.#linkFlagsFor(program) ?? ''}`, make, signal);
  }

  async #keptOrMade(program: FoundProgram, recipe: Recipe): Promise<ReadyProgram> {
    const { signal, folder } = this.#context;
    const { source, target } = this.#image;
    const linkFlags = this.#linkFlagsFor(program);
    const question = [program.sha256, recipe.goVersion, source, target, linkFlags ?? null];
    const known = await this.#kept.get(question, signal);
    if (known !== undefined) return known;
    this.#toolchain ??= this.#open();
    const made = await makeProgram(program, recipe, {
      ...{ source, target, linkFlags, signal },
      run: this.#parts.run ?? runProgram,
      toolchain: await this.#toolchain,
      folder: await mkdtemp(join(folder, 'program-')),
      timeoutSeconds: this.#settings.timeoutSeconds ?? defaultTimeout,
    });
    await this.#kept.put(question, made);
    return made;
  }

  #linkFlagsFor({ paths }: FoundProgram): string | undefined {
    const { linkFlags = {} } = this.#settings;
    const named = paths.find((path) => Object.hasOwn(linkFlags, `/${path}`));
    return named === undefined ? undefined : linkFlags[`/${named}`];
  }

  #open(): Promise<Toolchain> {
    const { folder, cache, signal } = this.#context;
    const { environment, run = runProgram } = this.#parts;
    const { program = 'go', timeoutSeconds = defaultTimeout } = this.#settings;
    return openToolchain({ run, environment, program, folder, cache, timeoutSeconds, signal });
  }

  #use({ name }: FoundProgram, paths: readonly string[], made: ReadyProgram): void {
    const { architecture } = this.#image.target;
    this.#notes.push(`${name} was built for ${architecture}: ${made.proof}`);
    const why = `built for ${architecture} as the old one was: ${name}`;
    this.#take(paths, made, { why, origin: `go: ${name}` });
  }

  #take(
    paths: readonly string[],
    { file, size, sha256, facts, materials, notes }: ReadyProgram,
    { why, origin }: { readonly why: string; readonly origin: string },
  ): void {
    for (const material of materials) this.#addMaterial(material);
    this.#notes.push(...notes);
    for (const path of paths)
      this.#paths.set(path, {
        ...{ action: 'replace', why },
        with: { ...{ kind: 'file', size, sha256, facts, origin }, content: () => piecesOf(file) },
      });
  }

  /** An archive that several programs come from is one material. */
  #addMaterial(material: Material): void {
    const key = `${material.uri} ${material.sha256}`;
    const notes = [...new Set([...(this.#materials.get(key)?.notes ?? []), ...(material.notes ?? [])])];
    this.#materials.set(key, { ...material, ...(notes.length > 0 && { notes }) });
  }

  #refuse(program: FoundProgram, paths: readonly string[], doubt: Parameters<typeof refusalsOf>[2]): void {
    this.#refusals.push(...refusalsOf(program, paths, doubt));
  }
}

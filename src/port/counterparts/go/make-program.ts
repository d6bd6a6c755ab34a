import { rm } from 'node:fs/promises';
import type { Platform } from '../../../oci/index.ts';
import { type BuilderParts, type BuiltProgram, createBuilder } from './build.ts';
import { firstDifference, moduleNotes } from './compare.ts';
import { GoError } from './errors.ts';
import type { ReadyProgram } from './kept-builds.ts';
import { machineVariables } from './machine.ts';
import { materialsOf } from './materials.ts';
import { type OldProgram, type Proof, prove, versionDifference } from './prove.ts';
import type { Recipe } from './recipe.ts';

export interface MakeParts extends BuilderParts {
  readonly source: Platform;
  readonly target: Platform;
  /** What a person says the program was linked with, where Go didn't record it. */
  readonly linkFlags?: string | undefined;
}

/**
 * Builds a program for another machine by its recipe, once the recipe has shown to be right.
 * @throws GoError, the signal's reason.
 */
export async function makeProgram(old: OldProgram, recipe: Recipe, parts: MakeParts): Promise<ReadyProgram> {
  const { source, target, linkFlags: given } = parts;
  const [before, after] = [machineVariables(source, recipe.info.settings), machineVariables(target)];
  if (before === undefined || after === undefined)
    throw new GoError('GO_BUILD', `Go builds nothing for ${target.architecture}`);
  const builder = await createBuilder(recipe, parts);
  const { clone } = builder;
  const proof = await prove(recipe, old, { builder, machine: before, given });
  const built = await builder.build(after, proof.linkFlags);
  checkResult(recipe, built, target);
  const materials = await materialsOf(recipe, built, { ...parts, clone });
  if (clone !== undefined) await rm(clone.folder, { recursive: true, force: true });
  const { file, sha256, size, facts } = built;
  return {
    file,
    sha256,
    size,
    facts,
    materials,
    proof: words(proof, source),
    notes: moduleNotes(recipe.info, built.info),
  };
}

function words({ kind, linkFlags }: Proof, { architecture }: Platform): string {
  if (kind === 'sections')
    return `built the same way for ${architecture}, it has the build information and the sizes of code and data that the image's has`;
  const flags = linkFlags === undefined ? '' : ', with link flags that Go had not recorded';
  return `built the same way for ${architecture}, it is the image's to the byte${flags}`;
}

function checkResult({ info, goVersion }: Recipe, built: BuiltProgram, { architecture }: Platform): void {
  const elf = built.facts.kind === 'elf' ? built.facts.elf : undefined;
  if (elf?.architecture !== architecture)
    throw new GoError(
      'GO_RESULT',
      `what was built is for ${elf?.architecture ?? 'no machine'}, not for ${architecture}`,
    );
  if (elf.linkage !== 'static')
    throw new GoError('GO_RESULT', `what was built is ${elf.linkage}, and the old program is static`);
  const difference =
    versionDifference(goVersion, built.facts) ?? firstDifference(info, built.info, { isOtherMachine: true });
  if (difference !== undefined)
    throw new GoError('GO_RESULT', `what was built is another program: ${difference}`);
}

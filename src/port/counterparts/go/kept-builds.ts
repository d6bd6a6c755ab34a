import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { FileFacts } from '../../../binary/index.ts';
import type { Material } from '../../origin-types.ts';
import { describe } from '../release/kept-file.ts';

/** A program for the new machine, ready to be used. */
export interface ReadyProgram {
  readonly file: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
  readonly facts: FileFacts;
  readonly materials: readonly Material[];
  /** How it was made sure that it's the same program: a sentence's end. */
  readonly proof: string;
  /** Sentences. */
  readonly notes: readonly string[];
}

/** Raised when what an older armload kept must not be used any more. */
const recordVersion = 1;
const maxRecordBytes = 4 * 1024 ** 2;

const recordSchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  materials: z.array(
    z.object({
      ...{ origin: z.string(), name: z.string(), uri: z.string(), sha256: z.string() },
      version: z.string().optional(),
      size: z.number().optional(),
      purl: z.string().optional(),
      notes: z.array(z.string()).optional(),
    }),
  ),
  proof: z.string(),
  notes: z.array(z.string()),
});

/** Programs that were built before, by all that they depend on. */
export class KeptBuilds {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** `undefined` where there is none, or where it's not what was put there. */
  async get(
    question: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<ReadyProgram | undefined> {
    const folder = this.#folderOf(question);
    try {
      const name = join(folder, 'record.json');
      if ((await stat(name)).size > maxRecordBytes) return undefined;
      const record = recordSchema.parse(JSON.parse(await readFile(name, 'utf8')));
      const program = await describe(join(folder, 'program'), 'program', signal);
      if (program.sha256 !== record.sha256) return undefined;
      return { ...program, ...record, materials: record.materials.map(present) };
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  }

  /** Under another name until it's whole. What can't be kept is used where it is. */
  async put(
    question: readonly unknown[],
    { file, sha256, materials, proof, notes }: ReadyProgram,
  ): Promise<void> {
    const folder = this.#folderOf(question);
    const temporary = `${folder}.${randomUUID()}`;
    try {
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      await copyFile(file, join(temporary, 'program'));
      await writeFile(join(temporary, 'record.json'), JSON.stringify({ sha256, materials, proof, notes }));
      await rm(folder, { recursive: true, force: true });
      await rename(temporary, folder);
    } catch {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  #folderOf(question: readonly unknown[]): string {
    const hash = createHash('sha256').update(JSON.stringify([recordVersion, ...question]));
    return join(this.#folder, hash.digest('hex'));
  }
}

/** Without members that are there and say nothing. */
function present({
  version,
  size,
  purl,
  notes,
  ...rest
}: z.infer<typeof recordSchema>['materials'][number]): Material {
  return {
    ...rest,
    ...(version === undefined ? {} : { version }),
    ...(size === undefined ? {} : { size }),
    ...(purl === undefined ? {} : { purl }),
    ...(notes === undefined ? {} : { notes }),
  };
}

import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { messageOf } from '../../../core/index.ts';
import { readDocument } from '../../../document/index.ts';
import { JavaError } from './errors.ts';

const version = z.string().regex(/^[0-9][\w.+-]{0,99}$/);
const classifier = z.string().regex(/^[a-z][\w-]{0,99}$/);

const tableSchema = z.strictObject({
  jars: z
    .array(
      z.strictObject({
        /** `group:artifact`. */
        artifact: z.string().regex(/^[\w.-]{1,200}:[\w.-]{1,200}$/),
        /** The first version known to have machine code for arm64 Linux; absent where none is. */
        arm64Since: version.optional(),
        /** Where each platform has a jar of its own: the one for arm64 Linux, by the one for amd64. */
        classifiers: z.record(classifier, classifier).optional(),
        note: z.string().min(1).max(500).optional(),
        /** Did somebody look at the jar of that version? Otherwise it's hearsay. */
        confirmed: z.boolean(),
      }),
    )
    .max(1000),
});

/** What is known of a Java library that carries machine code. */
export type NativeJar = z.output<typeof tableSchema>['jars'][number];

const maxBytes = 256 * 1024;
const table = join('catalog', 'native-jars.yaml');

/** The list that comes with this package. @throws JavaError `JAVA_TABLE`, DocumentError where it's wrong. */
export async function readNativeJars(
  from: string = fileURLToPath(import.meta.url),
): Promise<ReadonlyMap<string, NativeJar>> {
  const file = await findTable(from);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new JavaError('JAVA_TABLE', `${table} of this package can't be read: ${messageOf(error)}`);
  });
  const { jars } = readDocument(tableSchema, { text, file: table, maxBytes }).value;
  return new Map(jars.map((one) => [one.artifact, one]));
}

async function findTable(from: string): Promise<string> {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const file = join(folder, table);
    if ((await stat(file).catch(() => undefined))?.isFile() === true) return file;
    if (dirname(folder) === folder)
      throw new JavaError('JAVA_TABLE', `${table} of this package is gone`, {
        hint: 'Install armload again.',
      });
  }
}

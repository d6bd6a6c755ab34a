import * as z from 'zod';
import { PythonError } from '../errors.ts';
import { fileAddress, type PagePlace, type ProjectFile, sumOf } from './page.ts';

/** What is needed of a JSON page (PEP 691 "Project Detail", PEP 592 for `yanked`). */
const schema = z.object({
  meta: z.object({ 'api-version': z.string().regex(/^1\./) }),
  files: z.array(
    z.object({
      filename: z.string(),
      url: z.string(),
      hashes: z.record(z.string(), z.string()),
      yanked: z.union([z.boolean(), z.string()]).optional(),
    }),
  ),
});

/** @throws PythonError `PYTHON_INDEX`, `PYTHON_LIMIT`. */
export function parseJsonPage(text: string, place: PagePlace): readonly ProjectFile[] {
  const { files } = read(text);
  if (files.length > place.maxFiles)
    throw new PythonError('PYTHON_LIMIT', `the index lists more than ${place.maxFiles} files`);
  return files.flatMap(({ filename, url, hashes, yanked }): readonly ProjectFile[] => {
    const address = fileAddress(url, place);
    if (address === undefined) return [];
    const sha256 = sumOf(hashes['sha256']);
    address.hash = '';
    return [
      {
        file: filename,
        url: address.href,
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(yanked === undefined || yanked === false ? {} : { yanked: yanked === true ? '' : yanked }),
      },
    ];
  });
}

function read(text: string): z.output<typeof schema> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new PythonError('PYTHON_INDEX', 'the index answers with damaged JSON', { cause: error });
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PythonError(
    'PYTHON_INDEX',
    `the index answers with JSON of another kind: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}

import { createHash } from 'node:crypto';
import { SparseExpander, type TarEntry } from '../../../tar/index.ts';
import type { NewContent } from '../../plan-types.ts';
import { AssemblyError } from '../errors.ts';

/**
 * New content as it's written, checked on the way.
 * @throws AssemblyError `ASSEMBLY_CONTENT` where it isn't what the plan says, and what the content throws.
 */
export async function* checkedContent(
  path: string,
  { content, size, sha256, origin }: NewContent,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let seen = 0;
  const fail = (what: string): AssemblyError =>
    new AssemblyError('ASSEMBLY_CONTENT', `the new content of /${path} from ${origin} ${what}`, {
      hint: 'What it was taken from changed since it was planned, or was damaged on the way.',
    });
  for await (const chunk of content()) {
    seen += chunk.length;
    if (seen > size) throw fail(`has more than the planned ${size} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (seen !== size) throw fail(`has ${seen} bytes, not the planned ${size}`);
  const actual = hash.digest('hex');
  if (actual !== sha256) throw fail(`has the hash ${actual}, not the planned ${sha256}`);
}

const zeros = new Uint8Array(64 * 1024);

/** A file's content as a reader of the file sees it: the holes of a sparse one as zeros. */
export function contentOf(entry: TarEntry): AsyncIterable<Uint8Array> {
  return entry.sparse === undefined ? entry.body : expanded(entry);
}

async function* expanded(entry: TarEntry): AsyncGenerator<Uint8Array, void, undefined> {
  const { sparse } = entry;
  if (sparse === undefined) return;
  /** Holes as their length: one may be as long as the archive claims. */
  const ready: (Uint8Array | number)[] = [];
  const expander = new SparseExpander(sparse, entry, {
    data: (chunk) => ready.push(chunk),
    hole: (bytes) => ready.push(bytes),
  });
  for await (const chunk of entry.body) {
    expander.write(chunk);
    yield* drained(ready);
  }
  expander.finish();
  yield* drained(ready);
}

function* drained(ready: (Uint8Array | number)[]): Generator<Uint8Array, void, undefined> {
  for (const part of ready.splice(0)) {
    if (typeof part !== 'number') yield part;
    else
      for (let left = part; left > 0; left -= zeros.length)
        yield zeros.subarray(0, Math.min(left, zeros.length));
  }
}

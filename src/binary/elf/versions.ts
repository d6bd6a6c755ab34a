import type { LibraryVersions } from '../facts.ts';
import type { DynamicInput, DynamicTable } from './dynamic.ts';
import { fieldsOf } from './header.ts';

const maxSteps = 20_000;
const weakFlag = 2;
const baseFlag = 1;

type Input = Pick<DynamicInput, 'view' | 'header' | 'lacks'>;

/** Symbol versions wanted of each library (Linux Standard Base, "Version Requirements"). */
export function readVersionsNeeded(
  table: DynamicTable,
  input: Input,
): readonly LibraryVersions[] | undefined {
  const start = table.versionsNeeded;
  if (start === undefined) return undefined;
  const found: LibraryVersions[] = [];
  const complete = walk(start, input, 16, (bytes, at) => {
    const fields = fieldsOf(bytes, input.header);
    const library = table.text(fields.u32(4));
    const versions: string[] = [];
    const weak: string[] = [];
    const whole = walk({ offset: at + fields.u32(8), count: fields.u16(2) }, input, 16, (aux) => {
      const auxFields = fieldsOf(aux, input.header);
      const name = table.text(auxFields.u32(8));
      if (name !== undefined) versions.push(name);
      if (name !== undefined && (auxFields.u16(4) & weakFlag) !== 0) weak.push(name);
      return name === undefined ? undefined : auxFields.u32(12);
    });
    if (library !== undefined) found.push({ library, versions, ...(weak.length === 0 ? {} : { weak }) });
    return whole && library !== undefined ? fields.u32(12) : undefined;
  });
  if (!complete) input.lacks('versions-needed');
  return found;
}

/** Symbol versions a library defines, its own name left out (Linux Standard Base, "Version Definitions"). */
export function readVersionsGiven(table: DynamicTable, input: Input): readonly string[] | undefined {
  const start = table.versionsGiven;
  if (start === undefined) return undefined;
  const found: string[] = [];
  const complete = walk(start, input, 20, (bytes, at) => {
    const fields = fieldsOf(bytes, input.header);
    const next = fields.u32(16);
    if ((fields.u16(2) & baseFlag) !== 0) return next;
    // The first name is the version's own, those behind it are its parents.
    const aux = input.view.read(at + fields.u32(12), 8);
    const name = aux === undefined ? undefined : table.text(fieldsOf(aux, input.header).u32(0));
    if (name === undefined) return undefined;
    found.push(name);
    return next;
  });
  if (!complete) input.lacks('versions-given');
  return found;
}

/**
 * Goes along a chain of records, each saying how far the next one is. `visit` returns that distance, `undefined` to give up.
 * True where the whole chain was read.
 */
function walk(
  start: { readonly offset: number | undefined; readonly count: number },
  input: Input,
  size: number,
  visit: (bytes: Buffer, at: number) => number | undefined,
): boolean {
  if (start.offset === undefined || start.count > maxSteps) return false;
  let at = start.offset;
  for (let step = 0; step < start.count; step++) {
    const bytes = input.view.read(at, size);
    const distance = bytes === undefined ? undefined : visit(bytes, at);
    if (distance === undefined) return false;
    if (distance === 0) return step === start.count - 1;
    at += distance;
  }
  return true;
}

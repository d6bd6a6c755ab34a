import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { PythonError } from '../errors.ts';
import { defaultPythonLimits } from '../limits.ts';
import { parseWheelName } from '../tags.ts';
import { pairOf, sha256 } from '../wheels.test-support.ts';
import { openWheel, readWheel } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'armload-wheels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [, wheel] = pairOf();
const name = parseWheelName(wheel.file);
const limits = { ...defaultPythonLimits, unpackedBytes: 8 * 1024 ** 2 };

async function read(bytes: Uint8Array): Promise<Readonly<Record<string, string>>> {
  if (name === undefined) throw new Error(wheel.file);
  const file = join(folder, 'wheel');
  writeFileSync(file, bytes);
  const files = await readWheel(await openWheel(file, name, { limits }), { limits });
  return Object.fromEntries([...files].map(([path, { sha256: sum }]) => [path, sum]));
}

const right = Object.fromEntries(Object.entries(wheel.files).map(([path, data]) => [path, sha256(data)]));

test('a wheel is read whole', async () => {
  expect(await read(wheel.bytes)).toEqual(right);
});

test('a damaged wheel is what it was, or an error with a reason', async () => {
  const { length } = wheel.bytes;
  const change = fc.tuple(fc.nat(length - 1), fc.integer({ min: 0, max: 255 }));
  // Most of what zips have to say of themselves is at the end.
  const late = fc.tuple(
    fc.integer({ min: length - 900, max: length - 1 }),
    fc.constantFrom(0, 1, 0x7f, 0x80, 0xff),
  );
  const damage = fc.record({
    changes: fc.array(fc.oneof(change, late), { maxLength: 4 }),
    end: fc.nat(length),
  });
  await fc.assert(
    fc.asyncProperty(damage, fc.boolean(), async ({ changes, end }, isCut) => {
      const bytes = Buffer.from(wheel.bytes);
      for (const [at, value] of changes) bytes[at] = value;
      const found = await read(isCut ? bytes.subarray(0, end) : bytes).catch((error: unknown) => error);
      if (found instanceof PythonError) expect(found.message).toContain(wheel.file);
      // A RECORD that vouches for the new sums would have to be made on purpose.
      else expect({ ...(found as object), ...pick(found) }).toEqual(right);
    }),
    { numRuns: 150 },
  );
});

/** RECORD itself has no sum. */
function pick(found: unknown): object {
  const path = `${wheel.info}/RECORD`;
  return typeof found === 'object' && found !== null && path in found ? { [path]: right[path] } : {};
}

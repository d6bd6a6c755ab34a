import { expect, test } from 'vitest';
import { type NeedingPackage, unmetNeeds, unneeded } from './needs.ts';

const one = (name: string, needs: readonly string[] = [], gives: readonly string[] = []): NeedingPackage => ({
  name,
  needs,
  gives,
});

test('a need is met by a name, by what a package gives, or by a file', () => {
  const packages = [
    one('app', ['lib', 'so:x.so.1', '/bin/sh', '/bin/none', 'so:y']),
    one('lib', [], ['so:x.so.1']),
  ];
  expect(unmetNeeds(packages, (path) => path === 'bin/sh')).toEqual([
    { by: 'app', need: '/bin/none' },
    { by: 'app', need: 'so:y' },
  ]);
});

test('what only others needed goes with them, and what somebody still needs or chose stays', () => {
  const [app, quad, deep] = [
    one('app', ['quad']),
    one('quad', ['so:deep'], ['so:quad']),
    one('deep', [], ['so:deep']),
  ];
  const before = [app, quad, deep];
  const gone = (now: readonly NeedingPackage[], chosen: readonly string[] = []): readonly string[] =>
    unneeded([quad, deep], { before, now, isChosen: (name) => chosen.includes(name) }).map(
      ({ name }) => name,
    );
  expect(gone([one('app')])).toEqual(['quad', 'deep']);
  expect(gone([one('app', ['so:quad'])])).toEqual([]);
  expect(gone([one('app', ['so:deep'])])).toEqual(['quad']);
  expect(gone([one('app')], ['quad'])).toEqual([]);
  // Nobody needed it before: a person wanted it.
  expect(unneeded([one('alone')], { before: [one('alone')], now: [], isChosen: () => false })).toEqual([]);
});

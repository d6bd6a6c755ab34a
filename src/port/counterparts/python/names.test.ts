import { describe, expect, test } from 'vitest';
import { isProjectName, normalizedName, parseInfoName, versionKey } from './names.ts';
import { expanded, parsePlatform, parseWheelName, tagsFor } from './tags.ts';

test('names of projects are the same in all their spellings', () => {
  for (const name of ['Foo.Bar', 'foo_bar', 'FOO--bar']) expect(normalizedName(name)).toBe('foo-bar');
  for (const name of ['', '..', 'a/b', 'a%2fb', '-a', 'a'.repeat(201)])
    expect(isProjectName(name)).toBe(false);
  expect(parseInfoName('torch-2.1.0+cpu.dist-info')).toMatchObject({ name: 'torch', version: '2.1.0+cpu' });
  expect(parseInfoName('Some_Name-1.0-1.dist-info')).toMatchObject({ name: 'some-name-1-0', version: '1' });
  for (const folder of ['x.dist-info', 'numpy-1.egg-info', '../-1.dist-info'])
    expect(parseInfoName(folder)).toBeUndefined();
  expect(versionKey('1.0_RC-1')).toBe(versionKey('1.0.rc.1'));
});

describe("a wheel's name", () => {
  test('gives its build and all its tags', () => {
    const name = parseWheelName('Some_Pkg-1.0-2-py2.py3-none-manylinux1_x86_64.manylinux_2_5_x86_64.whl');
    expect(name).toMatchObject({ name: 'some-pkg', version: '1.0', build: '2' });
    expect(name?.tags).toHaveLength(4);
    expect(tagsFor(name?.tags ?? [], 'x86_64')).toHaveLength(4);
    expect(tagsFor(name?.tags ?? [], 'aarch64')).toEqual([]);
  });

  test('is none where a part is missing, strange or without end', () => {
    const many = Array.from({ length: 300 }, (_, index) => `py${index}`).join('.');
    for (const file of [
      'a-1.tar.gz',
      'a-1-py3-none.whl',
      'a-1-1-2-py3-none-any.whl',
      'a/b-1-py3-none-any.whl',
    ])
      expect(parseWheelName(file)).toBeUndefined();
    expect(expanded(`${many}-none-any`)).toBeUndefined();
  });

  test.each([
    ['manylinux1_x86_64', 'x86_64', 'glibc', [2, 5]],
    ['manylinux2014_aarch64', 'aarch64', 'glibc', [2, 17]],
    ['manylinux_2_28_aarch64', 'aarch64', 'glibc', [2, 28]],
    ['musllinux_1_2_x86_64', 'x86_64', 'musl', [1, 2]],
    ['linux_x86_64', 'x86_64', 'unknown', undefined],
  ] as const)('says of %s what it runs on', (platform, machine, libc, floor) => {
    expect(parsePlatform(platform)).toEqual({
      kind: 'linux',
      machine,
      libc,
      ...(floor && { floor: [...floor] }),
    });
  });

  test.each([
    'win_amd64',
    'macosx_11_0_arm64',
    'manylinux_x86_64',
    'musllinux_aarch64',
    'linux_1_2_x86_64',
    '',
  ])('says of %s that it is not for Linux, or for none that is known', (platform) =>
    expect(parsePlatform(platform)).toEqual({ kind: 'other' }),
  );
});

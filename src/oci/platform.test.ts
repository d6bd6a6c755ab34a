import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  defaultPlatform,
  formatPlatform,
  normalizePlatform,
  parsePlatform,
  runsOn,
  samePlatform,
} from './platform.ts';

function platform(text: string) {
  const parsed = parsePlatform(text);
  if (parsed === undefined) throw new Error(`${text} is no platform`);
  return parsed;
}

describe('one spelling for each platform', () => {
  test.each([
    ['linux/arm64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm64/v8.0', 'linux/arm64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/aarch64/v8', 'linux/arm64'],
    ['linux/armv8', 'linux/arm64'],
    ['Linux/ARM64', 'linux/arm64'],
    ['arm64', 'linux/arm64'],
    ['aarch64', 'linux/arm64'],
    ['arm64/v9', 'linux/arm64/v9'],
    ['linux/arm64/v9.0', 'linux/arm64/v9'],
    ['linux/arm64/v8.2', 'linux/arm64/v8.2'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/x86-64', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/i686', 'linux/386'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/v7', 'linux/arm/v7'],
    ['linux/arm/7', 'linux/arm/v7'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/arm/v6', 'linux/arm/v6'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/arm/v8', 'linux/arm/v8'],
    ['linux/armv8l', 'linux/arm/v8'],
    ['linux/ppc64le', 'linux/ppc64le'],
    ['macos/arm64', 'darwin/arm64'],
    ['windows/amd64', 'windows/amd64'],
    ['unknown/unknown', 'unknown/unknown'],
    ['linux/constructor', 'linux/constructor'],
    ['__proto__/__proto__', '__proto__/__proto__'],
  ])('%s is %s', (text, normal) => {
    expect(formatPlatform(platform(text))).toBe(normal);
  });

  test.each([
    '',
    'linux',
    'sparkle',
    '/',
    'linux/',
    '/arm64',
    'linux//v8',
    'linux/arm64/v8/x',
    'linux/arm 64',
    'a/b/c/d',
  ])('%j is no platform', (text) => {
    expect(parsePlatform(text)).toBeUndefined();
  });

  test('os.version and os.features are kept, in one order', () => {
    expect(
      normalizePlatform({ os: 'windows', architecture: 'amd64', osVersion: '10.0', osFeatures: ['b', 'a'] }),
    ).toEqual({ os: 'windows', architecture: 'amd64', osVersion: '10.0', osFeatures: ['a', 'b'] });
    expect(normalizePlatform({ os: 'linux', architecture: 'amd64', osVersion: '', osFeatures: [] })).toEqual({
      os: 'linux',
      architecture: 'amd64',
    });
  });
});

describe('what a host runs', () => {
  test.each([
    ['linux/arm64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64', 'linux/arm64/v9'],
    ['linux/arm64/v8.5', 'linux/arm64/v9'],
    ['linux/arm64/v9', 'linux/arm64/v9.2'],
    ['linux/amd64', 'linux/amd64/v3'],
    ['linux/arm/v6', 'linux/arm/v7'],
    ['linux/mips64le/softfloat', 'linux/mips64le/softfloat'],
  ])('%s runs on %s', (image, host) => {
    expect(runsOn(platform(image), platform(host))).toBe(true);
  });

  test.each([
    ['linux/arm64/v9', 'linux/arm64'],
    ['linux/arm64/v8.1', 'linux/arm64'],
    ['linux/arm64/v8.6', 'linux/arm64/v9'],
    ['linux/arm64/v9', 'linux/arm64/v8.5'],
    ['linux/arm/v7', 'linux/arm64'],
    ['linux/arm/v6', 'linux/arm64'],
    ['linux/arm/v8', 'linux/arm64'],
    ['linux/armv8l', 'linux/arm64'],
    ['linux/amd64', 'linux/arm64'],
    ['linux/amd64/v3', 'linux/amd64'],
    ['windows/arm64', 'linux/arm64'],
    ['darwin/arm64', 'linux/arm64'],
    ['unknown/unknown', 'linux/arm64'],
    ['linux/arm64/experimental', 'linux/arm64'],
    ['linux/mips64le/softfloat', 'linux/mips64le'],
  ])('%s does not run on %s', (image, host) => {
    expect(runsOn(platform(image), platform(host))).toBe(false);
  });

  test('the default target is linux/arm64', () => {
    expect(formatPlatform(defaultPlatform)).toBe('linux/arm64');
  });
});

test('a slash in an architecture is no variant', () => {
  const slashed = { os: 'linux', architecture: 'arm64/v9' };
  expect(samePlatform(slashed, { os: 'linux', architecture: 'arm64', variant: 'v9' })).toBe(false);
});

const word = fc.oneof(
  fc.constantFrom('linux', 'windows', 'arm64', 'aarch64', 'arm', 'amd64', 'x86_64', 'armhf', 'constructor'),
  fc.stringMatching(/^[a-zA-Z0-9_.-]{1,8}$/),
);
const variant = fc.option(fc.oneof(word, fc.constantFrom('v8', '8', 'v8.0', 'v9', 'v7', 'v1')), {
  nil: undefined,
});

test('normalising is idempotent, and every platform is the same as itself and runs on itself', () => {
  fc.assert(
    fc.property(word, word, variant, (os, architecture, level) => {
      const raw = { os, architecture, ...(level === undefined ? {} : { variant: level }) };
      const normal = normalizePlatform(raw);
      expect(normalizePlatform(normal)).toEqual(normal);
      expect(samePlatform(raw, normal)).toBe(true);
      expect(runsOn(raw, normal)).toBe(true);
    }),
  );
});

test('what is formatted is read back', () => {
  fc.assert(
    fc.property(fc.constantFrom('linux', 'windows', 'darwin'), word, variant, (os, architecture, level) => {
      const normal = normalizePlatform({
        os,
        architecture,
        ...(level === undefined ? {} : { variant: level }),
      });
      expect(parsePlatform(formatPlatform(normal))).toEqual(normal);
    }),
  );
});

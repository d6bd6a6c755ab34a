import { describe, expect, test } from 'vitest';
import { UsageError } from '../core/index.ts';
import { InvalidReferenceError } from '../oci/index.ts';
import { formatLocation, parseLocation } from './location.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;

describe('a location', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['docker://localhost:5000/app', 'localhost:5000/app:latest'],
    [`quay.io/a/b:1@${digest}`, `quay.io/a/b:1@${digest}`],
    // Without a path after it, a transport's name is an image's name.
    ['dir:latest', 'docker.io/library/dir:latest'],
    ['oci', 'docker.io/library/oci:latest'],
  ])('%s is in a registry', (text, canonical) => {
    const location = parseLocation(text);
    expect(location.transport).toBe('registry');
    expect(formatLocation(location)).toBe(canonical);
  });

  test.each([
    ['oci:dir', { transport: 'oci', path: 'dir' }],
    ['oci:/a/b:1.2', { transport: 'oci', path: '/a/b', tag: '1.2' }],
    ['oci:dir:', { transport: 'oci', path: 'dir' }],
    // skopeo: the first colon ends the path, so the rest is the name, colons included.
    ['oci:dir:docker.io/library/app:1', { transport: 'oci', path: 'dir', tag: 'docker.io/library/app:1' }],
    [`oci:dir@${digest}`, { transport: 'oci', path: 'dir', digest }],
    [`oci:dir:v1@${digest}`, { transport: 'oci', path: 'dir', tag: 'v1', digest }],
    ['oci:./a@b:v1', { transport: 'oci', path: './a@b', tag: 'v1' }],
    ['oci-archive:x.tar:v1', { transport: 'oci-archive', path: 'x.tar', tag: 'v1' }],
    ['docker-archive:x.tar', { transport: 'docker-archive', path: 'x.tar' }],
    [
      'docker-archive:x.tar:app',
      { transport: 'docker-archive', path: 'x.tar', tag: 'docker.io/library/app:latest' },
    ],
    [
      'docker-archive:x.tar:localhost:5000/app:1',
      { transport: 'docker-archive', path: 'x.tar', tag: 'localhost:5000/app:1' },
    ],
  ])('%s is in a folder or file', (text, expected) => {
    const location = parseLocation(text);
    expect(location).toEqual(expected);
    expect(parseLocation(formatLocation(location))).toEqual(expected);
  });

  test.each([
    ['oci:', 'names no path'],
    ['oci::tag', 'names no path'],
    ['oci:C:/dir', '"/dir"'.slice(1, -1)],
    ['oci:dir:-wrong', 'is not an image name'],
    ['oci:dir:@0', 'by its number'],
    ['oci:a\0b', 'NUL'],
    ['dir:/some/folder', 'transport dir'],
    ['docker-daemon:app:latest', 'transport docker-daemon'],
    ['https://quay.io/a/b', 'transport https'],
  ])('%s is wrong usage', (text, problem) => {
    expect(() => parseLocation(text)).toThrow(UsageError);
    expect(() => parseLocation(text)).toThrow(problem);
  });

  test.each(['docker://', 'NGINX/UPPER', 'docker-archive:x.tar:UPPER/x/Y', ''])(
    '%s is no reference',
    (text) => {
      expect(() => parseLocation(text)).toThrow(InvalidReferenceError);
    },
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidReferenceError } from './errors.ts';
import { formatReference, parseReference, repositoryName } from './reference.ts';

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const sha512 = `sha512:${'0123456789abcdef'.repeat(8)}`;
const hex64 = 'ab'.repeat(32);

function failureOf(text: string): InvalidReferenceError {
  try {
    parseReference(text);
  } catch (error) {
    if (error instanceof InvalidReferenceError) return error;
    throw error;
  }
  throw new Error(`${text} was parsed`);
}

describe('the canonical form', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['docker.io/library/nginx', 'docker.io/library/nginx:latest'],
    ['index.docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['Docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['registry-1.docker.io/library/nginx', 'docker.io/library/nginx:latest'],
    ['bitnami/redis:7', 'docker.io/bitnami/redis:7'],
    ['quay.io/nginx', 'quay.io/nginx:latest'],
    ['quay.io/argoproj/argocd:v2.0.5', 'quay.io/argoproj/argocd:v2.0.5'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['localhost:5000', 'docker.io/library/localhost:5000'],
    ['myhost:5000/app:1.2', 'myhost:5000/app:1.2'],
    ['[::1]:5000/x', '[::1]:5000/x:latest'],
    ['[2001:db8::7]/team/x:1', '[2001:db8::7]/team/x:1'],
    ['127.0.0.1/x', '127.0.0.1/x:latest'],
    ['MyHost/app', 'MyHost/app:latest'],
    ['myhost/app', 'docker.io/myhost/app:latest'],
    ['a.b/c/d/e/f', 'a.b/c/d/e/f:latest'],
    ['xn--n3h.com/app', 'xn--n3h.com/app:latest'],
    ['a__b/c--d.e_f', 'docker.io/a__b/c--d.e_f:latest'],
    [`${hex64}:1`, `docker.io/library/${hex64}:1`],
    [`docker.io/${hex64}`, `docker.io/library/${hex64}:latest`],
    [`quay.io/${hex64}`, `quay.io/${hex64}:latest`],
    [`nginx@${sha256}`, `docker.io/library/nginx@${sha256}`],
    [`nginx@${sha512}`, `docker.io/library/nginx@${sha512}`],
    [`nginx:1.27@${sha256}`, `docker.io/library/nginx:1.27@${sha256}`],
    ['app:_1', 'docker.io/library/app:_1'],
    [`app:${'a'.repeat(128)}`, `docker.io/library/app:${'a'.repeat(128)}`],
    [`quay.io/${'a'.repeat(255)}`, `quay.io/${'a'.repeat(255)}:latest`],
    ['a'.repeat(247), `docker.io/library/${'a'.repeat(247)}:latest`],
  ])('%s is %s', (text, canonical) => {
    expect(formatReference(parseReference(text))).toBe(canonical);
  });

  test('field 1: a port, a tag and a digest are told apart', () => {
    expect(parseReference(`host:5000/app:1.2@${sha256}`)).toEqual({
      registry: 'host:5000',
      repository: 'app',
      tag: '1.2',
      digest: sha256,
    });
  });

  test('field 5: a reference with a digest only has no tag, not even latest', () => {
    expect(parseReference(`quay.io/team/app@${sha256}`)).toEqual({
      registry: 'quay.io',
      repository: 'team/app',
      digest: sha256,
    });
  });

  test("Docker Hub's API host has no short names", () => {
    expect(parseReference('registry-1.docker.io/nginx')).toMatchObject({
      registry: 'registry-1.docker.io',
      repository: 'nginx',
    });
  });

  test('the name of a repository has neither tag nor digest', () => {
    expect(repositoryName(parseReference(`nginx:1@${sha256}`))).toBe('docker.io/library/nginx');
  });
});

describe('what is refused, and where', () => {
  test.each([
    ['', 0, 'empty'],
    [' nginx', 0, '" "'],
    ['nginx ', 5, '" "'],
    ['Nginx', 0, 'lower case'],
    ['quay.io/Team/app', 8, 'lower case'],
    ['quay.io/team/aPp', 14, 'lower case'],
    ['quay.io//app', 8, 'empty'],
    ['quay.io/app/', 12, 'empty'],
    ['/app', 0, 'empty'],
    ['app..x', 3, '"."'],
    ['app___x', 3, '"_"'],
    ['-app', 0, '"-"'],
    ['app-', 3, '"-"'],
    ['app:', 4, 'tag is empty'],
    ['app:.x', 4, '"."'],
    ['app:1.2+3', 7, '"+"'],
    [`app:${'a'.repeat(129)}`, 132, '128'],
    ['app:1:2', 5, '":"'],
    ['app@', 4, 'digest'],
    [`app@sha256:${'A'.repeat(64)}`, 4, 'digest'],
    [`app@sha256:${'a'.repeat(63)}`, 4, 'digest'],
    [`app@sha512:${'a'.repeat(64)}`, 4, 'digest'],
    [`app@md5:${'a'.repeat(64)}`, 4, 'digest'],
    [`app@${sha256}:1`, 4, 'digest'],
    [`@${sha256}`, 0, 'empty'],
    [hex64, 0, 'image id'],
    ['host:99999/app', 5, 'port 99999'],
    ['host:/app', 0, 'host'],
    ['my_host:5000/app', 2, 'host'],
    ['-host.io/app', 0, 'host'],
    ['[::1/app', 0, 'host'],
    ['[::1]x/app', 0, 'host'],
    ['https://quay.io/app', 0, 'URL'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what people's files hold
    ['quay.io/${NAME}', 8, '"$"'],
    ['app:{{ .Values.tag }}', 4, '"{"'],
    [`quay.io/${'a'.repeat(256)}`, 263, '255'],
    ['a'.repeat(248), 247, '255'],
    ['a'.repeat(5000), 4096, '4096'],
    ['app:💥', 4, '"💥"'],
  ])('%s at %i: %s', (text, offset, problem) => {
    const failure = failureOf(text);
    expect(failure.code).toBe('REFERENCE_INVALID');
    expect(failure.offset).toBe(offset);
    expect(failure.message).toContain(problem);
    expect(failure.message).toContain(`at character ${offset + 1}`);
  });

  test('the message is short, has no secret and moves no cursor, whatever the text', () => {
    expect(failureOf(`https://robot:${'s3cret'.repeat(60)}@quay.io/app`).message).not.toContain('s3cret');
    expect(failureOf('x'.repeat(100_000)).message.length).toBeLessThan(400);
    expect(failureOf('app\u001b[2J\u202e\r\nx').message).toContain('app\\u{1b}[2J\\u{202e}\\u{d}\\u{a}x');
  });
});

const alphanumeric = 'abcdefghijklmnopqrstuvwxyz0123456789';
const component = fc.stringMatching(/^[a-z0-9]{1,6}(?:(?:[._]|__|-{1,3})[a-z0-9]{1,6}){0,2}$/);
const repository = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const port = fc.option(fc.integer({ min: 1, max: 65_535 })).map((number) => (number ? `:${number}` : ''));
const host = fc
  .tuple(
    fc.oneof(
      fc.constantFrom('localhost', 'ghcr.io', 'Build-Host', '10.0.0.7', '[::1]', '[2001:DB8::1]'),
      fc.stringMatching(/^[a-z][a-z0-9]{0,8}(?:-[a-z0-9]{1,4})?\.[a-z]{2,5}$/),
    ),
    port,
  )
  .map((parts) => parts.join(''));
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
const digest = fc.constantFrom(sha256, sha512);

describe('for any reference', () => {
  test('parts that are joined are found again', () => {
    fc.assert(
      fc.property(host, repository, fc.option(tag), fc.option(digest), (registry, path, tagged, pinned) => {
        const text = `${registry}/${path}${tagged ? `:${tagged}` : ''}${pinned ? `@${pinned}` : ''}`;
        expect(parseReference(text)).toEqual({
          registry,
          repository: path,
          ...(tagged ? { tag: tagged } : pinned ? {} : { tag: 'latest' }),
          ...(pinned ? { digest: pinned } : {}),
        });
      }),
    );
  });

  test('the canonical form is its own canonical form', () => {
    const near = fc.string({
      unit: fc.constantFrom(...Array.from(`${alphanumeric}ABZ./:@-_[]`)),
      maxLength: 40,
    });
    const hub = fc.constantFrom('', 'docker.io/', 'index.docker.io/', 'registry-1.docker.io/', 'quay.io/');
    const long = fc.integer({ min: 240, max: 260 }).map((length) => 'a'.repeat(length));
    const text = fc.oneof(
      near,
      fc.tuple(hub, fc.oneof(repository, long)).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (written) => {
        const once = canonicalOrUndefined(written);
        fc.pre(once !== undefined);
        expect(formatReference(parseReference(once))).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  test('nothing but InvalidReferenceError is thrown, with an offset inside the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...Array.from('aA0./:@-_[]#')) }),
    );
    fc.assert(
      fc.property(text, (written) => {
        try {
          parseReference(written);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidReferenceError);
          expect((error as InvalidReferenceError).offset).toBeLessThanOrEqual(written.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['a-', 'a.', 'a/', 'a_', 'A-', '[:', 'a:', '1.', '@', 'a:1@'])(
    'text of many %j is judged at once',
    (unit) => {
      const started = performance.now();
      canonicalOrUndefined(`${unit.repeat(4000 / unit.length)}!`);
      canonicalOrUndefined(`${unit.repeat(4000 / unit.length)}!/x`);
      expect(performance.now() - started).toBeLessThan(1000);
    },
  );
});

function canonicalOrUndefined(text: string): string | undefined {
  try {
    return formatReference(parseReference(text));
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}

import { expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { readReferences } from './references.ts';

function read(operands: readonly string[], stdin = '') {
  return readReferences(operands, fakeIo({ stdin }));
}

test('operands and the list on stdin come in their order, each reference once', async () => {
  const list = '# what we run\n\nnginx:1   # the front\r\nquay.io/acme/app:2\nredis:7\n';
  expect(await read(['redis:7', '-', 'oci:./layout:v1'], list)).toEqual([
    'redis:7',
    'nginx:1',
    'quay.io/acme/app:2',
    'oci:./layout:v1',
  ]);
});

test('what is no reference is told before anything is fetched, with its line', async () => {
  await expect(read(['nginx:1', 'deploy/'])).rejects.toMatchObject({ code: 'REFERENCE_INVALID' });
  await expect(read(['oops://x'])).rejects.toMatchObject({ code: 'USAGE' });
  await expect(read(['-'], 'nginx:1\n\nNGINX\n')).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/^stdin:3: "NGINX" is not an image reference/),
  });
});

test.each([
  ['no operand', [], ''],
  ['an empty list', ['-'], '# nothing\n'],
])('with %s there is nothing to prove', async (_name, operands, stdin) => {
  await expect(read(operands, stdin)).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('armload audit nginx:1.27'),
  });
});

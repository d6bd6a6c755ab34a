import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { gatewayChildDigest } from './fleet.ts';

test('the digest that an example pins is that of the image the demo makes', async () => {
  const example = await readFile(
    new URL('../../examples/shop/kubernetes/billing.yaml', import.meta.url),
    'utf8',
  );
  expect(example).toContain(`gateway:2.1@${await gatewayChildDigest()}`);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { file } from '../../fixture/index.ts';
import { apkFiles } from '../counterparts/apk/database.ts';
import { databaseFiles } from '../counterparts/rpm/database.ts';
import { rpmOf } from '../counterparts/rpm/rpm.test-support.ts';
import { installed } from '../counterparts/rpm/rpm-database.test-support.ts';
import { viewOf } from '../counterparts/shared/packages/scene.test-support.ts';
import { packageComponents } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'armload-sbom-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('packages of Alpine are named as package URLs name them', async () => {
  const text = 'P:libstdc++\nV:13.2.1_git20231014-r0\nA:aarch64\no:gcc\n\nP:data\nV:1-r0\nA:noarch\n\n';
  const layer = [
    file('etc/os-release', 'ID=alpine\nVERSION_ID=3.19.1\n'),
    file('lib/apk/db/installed', text),
  ];
  expect(await packageComponents(await viewOf([layer], apkFiles), folder)).toMatchObject([
    {
      purl: 'pkg:apk/alpine/libstdc%2B%2B@13.2.1_git20231014-r0?arch=aarch64&distro=alpine-3.19.1',
      properties: [{ value: 'gcc' }],
    },
    { purl: 'pkg:apk/alpine/data@1-r0?arch=noarch&distro=alpine-3.19.1' },
  ]);
});

test('packages of RPM are too, and keys are none', async () => {
  const made = [
    await rpmOf({ name: 'tool', epoch: 2, architecture: 'aarch64' }),
    await rpmOf({ name: 'gpg-pubkey', architecture: 'noarch' }),
  ];
  const layer = [file('etc/os-release', 'ID=fedora\nVERSION_ID=38\n'), ...installed(made)];
  const wanted = [...databaseFiles, 'etc/os-release'];
  expect(await packageComponents(await viewOf([layer], wanted), folder)).toMatchObject([
    {
      name: 'tool',
      version: '2:1.0-1.el9',
      purl: 'pkg:rpm/fedora/tool@1.0-1.el9?arch=aarch64&distro=fedora-38&epoch=2',
    },
  ]);
});

test('an image without them has none', async () => {
  expect(await packageComponents(await viewOf([[file('a', 'b')]], []), folder)).toEqual([]);
});

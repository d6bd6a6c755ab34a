import { describe, expect, test } from 'vitest';
import { file } from '../../fixture/index.ts';
import { viewOf } from '../config/view.test-support.ts';
import type { Material } from '../origin-types.ts';
import { sbomComponents } from './index.ts';

const hash = 'ab'.repeat(32);

function material(fields: Partial<Material> & Pick<Material, 'origin' | 'name'>): Material {
  return { version: '1.2', uri: `https://packages.example/${fields.name}`, sha256: hash, ...fields };
}

const wheel = material({ origin: 'python', name: 'numpy', purl: 'pkg:pypi/numpy@1.2' });

async function partsOf(materials: readonly Material[], status = '') {
  const view = await viewOf(
    file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n'),
    file('var/lib/dpkg/status', status),
  );
  return sbomComponents(view, { materials }).filter(({ type }) => type !== 'operating-system');
}

describe('the parts of a port', () => {
  test('are packages that were taken for it, with their hashes and where they are from', async () => {
    const addon = material({ origin: 'node', name: '@img/sharp', purl: 'pkg:npm/%40img/sharp@1.2' });
    const properties = (name: string) => [
      { name: 'armload:taken-from', value: `https://packages.example/${name}` },
    ];
    const hashes = { 'SHA-256': hash };
    expect(await partsOf([wheel, addon])).toEqual([
      ...[{ type: 'library', name: 'numpy', version: '1.2', purl: wheel.purl, hashes }].map((one) => ({
        ...one,
        properties: properties('numpy'),
      })),
      {
        ...{ type: 'library', name: '@img/sharp', version: '1.2', purl: addon.purl, hashes },
        properties: properties('@img/sharp'),
      },
    ]);
  });

  test('are told once, by the image itself where it knows them', async () => {
    const deb = material({
      ...{ origin: 'debian', name: 'zlib1g', version: '1:1.2-3' },
      purl: 'pkg:deb/debian/zlib1g@1%3A1.2-3?arch=arm64',
    });
    const installed =
      'Package: zlib1g\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1:1.2-3\n';
    expect(await partsOf([deb, wheel, wheel], installed)).toMatchObject([
      { name: 'zlib1g', purl: 'pkg:deb/debian/zlib1g@1%3A1.2-3?arch=arm64&distro=debian-12' },
      { name: 'numpy' },
    ]);
  });

  test('are of that version alone', async () => {
    const older = material({ origin: 'python', name: 'numpy', version: '1.1', purl: 'pkg:pypi/numpy@1.1' });
    expect((await partsOf([wheel, older])).map(({ version }) => version)).toEqual(['1.2', '1.1']);
  });

  test('are files where a person named them, and nothing where nobody knows a package', async () => {
    const named = material({ origin: 'release', name: 'tool', purl: 'pkg:pypi/numpy@1.2' });
    const image = material({ origin: 'base', name: 'debian' });
    expect(await partsOf([named, image, wheel])).toMatchObject([
      { type: 'file', name: 'tool' },
      { type: 'library', name: 'numpy' },
    ]);
  });

  test('have no hash where there is none', async () => {
    const [part] = await partsOf([{ ...wheel, sha256: '' }]);
    expect(part).not.toHaveProperty('hashes');
  });
});

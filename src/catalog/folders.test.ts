import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderOf } from './catalog.test-support.ts';
import { builtInCatalogFolder } from './folders.ts';

test.each([['dist/cli/chunks/catalog-1.js'], ['dist/lib/catalog/folders.js'], ['src/catalog/folders.ts']])(
  "the package's catalog is found from %s, and no other folder of that name",
  async (file) => {
    const { folder, drop } = await folderOf({
      'armload/package.json': '{}',
      'armload/catalog/products/app.yaml': '',
      [`armload/${file}`]: '',
      'armload/src/catalog/products/trap.yaml': '',
      'catalog/products/other.yaml': '',
    });
    try {
      expect(await builtInCatalogFolder(join(folder, 'armload', file))).toBe(
        join(folder, 'armload', 'catalog'),
      );
      await expect(builtInCatalogFolder(join(folder, 'elsewhere', file))).rejects.toMatchObject({
        code: 'CATALOG_MISSING',
      });
    } finally {
      await drop();
    }
  },
);

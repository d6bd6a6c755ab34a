// Python packages with machine code, installed by pip from real wheels, are ported, and answer under arm64 as on amd64.
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PortResult } from '../../src/results/index.ts';
import { Buildah, driverFor } from '../support/buildah.ts';
import { pushDebianImages } from '../support/debian-images.ts';
import { canMakeDebianRoot, rootTimeout } from '../support/debian-root.ts';
import { machinesIn } from '../support/ported-root.ts';
import {
  armload,
  exec,
  hasPrograms,
  type RunningProgram,
  startDockerRegistry,
  temporaryFolder,
} from '../support/real-parts.ts';

/** Debian's own pip, of the version of Python that its images have. */
const pip = '/usr/bin/pip3';
const parts = ['docker-registry', 'skopeo', 'buildah', 'readelf', pip];
const here = process.arch === 'x64' && (await hasPrograms(...parts)) && (await canMakeDebianRoot());

/** Libraries beside them (numpy, Pillow), one ABI for all versions (cryptography, psutil), a program (ruff), Rust, C. */
const installed = ['numpy==1.26.4', 'cryptography==42.0.8', 'cffi==1.17.1', 'ruff==0.6.9', 'PyYAML==6.0.2'];
const vendored = ['pillow==10.4.0', 'MarkupSafe==2.1.5', 'orjson==3.10.7'];
const ofVenv = ['psutil==6.0.0', 'lxml==5.3.0', 'idna==3.10'];
/** Its vendor makes it for one machine alone. */
const amd64Only = ['tbb==2021.13.1'];

const program = `import sys
sys.path.insert(0, "/srv/vendor")
import numpy, yaml, markupsafe, orjson, io
from PIL import Image
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ed25519
a = numpy.arange(12.0).reshape(3, 4)
print(numpy.linalg.norm(a).round(9), (a @ a.T).sum(), numpy.fft.fft(a[0]).real.tolist())
print(yaml.load("a: [1, 2]", Loader=yaml.CSafeLoader), yaml.__with_libyaml__)
print(markupsafe.escape("<&>"), markupsafe._speedups.__name__, orjson.dumps({"b": [1.5, None]}))
out = io.BytesIO()
Image.new("RGB", (8, 8), (200, 30, 40)).resize((5, 5)).save(out, "PNG")
print(Image.open(io.BytesIO(out.getvalue())).getpixel((2, 2)))
h = hmac.HMAC(b"key", hashes.SHA256())
h.update(b"text")
print(h.finalize().hex(), ed25519.Ed25519PrivateKey.from_private_bytes(b"7" * 32).sign(b"x").hex())
`;
const ofVenvProgram = `import psutil, idna, sys
from lxml import etree
print(etree.tostring(etree.fromstring("<a><b/></a>")), psutil.Process().name() != "", idna.encode("ü.example"), sys.prefix)
`;
/** RECORD of every distribution against what is there, by Python's own reader, and pip's view of it all. */
const records = `import base64, hashlib, importlib.metadata as m
paths = ["/usr/local/lib/python3.11/dist-packages", "/srv/vendor", "/opt/venv/lib/python3.11/site-packages"]
seen = bad = 0
for d in m.distributions(path=paths):
    for f in d.files:
        if f.hash is None: continue
        seen += 1
        try: ok = base64.urlsafe_b64encode(hashlib.new(f.hash.mode, f.locate().read_bytes()).digest()).rstrip(b"=").decode() == f.hash.value
        except FileNotFoundError: ok = "../bin/" in str(f)
        if not ok: bad += 1; print("wrong:", d.name, f)
print("records:", seen > 1000, bad)
`;

const folder = temporaryFolder();
const cache = join(folder.path, 'cache');
let registry: RunningProgram;
let buildah: Buildah;
let app: string;
let base: string;

beforeAll(async () => {
  if (!here) return;
  registry = await startDockerRegistry(join(folder.path, 'registry'));
  const images = await pushDebianImages(registry.host);
  base = images.base;
  buildah = new Buildah(join(folder.path, 'buildah'), await driverFor(join(folder.path, 'overlay')));
  app = await pushed('python', images.layered, await fill(join(folder.path, 'context')));
}, rootTimeout);
afterAll(async () => {
  await buildah?.remove();
  await registry?.stop();
  folder.remove();
});

const how = ['install', '--quiet', '--no-deps', '--only-binary', ':all:', '--root-user-action=ignore'];

/** As pip does it for the whole system. */
async function install(root: string, packages: readonly string[]): Promise<void> {
  await exec(pip, ...how, '--break-system-packages', '--ignore-installed', '--root', root, ...packages);
}

/** Installs with pip as people do, in three ways. */
async function fill(context: string): Promise<string> {
  const root = join(context, 'root');
  mkdirSync(root, { recursive: true });
  await install(root, installed);
  await exec(pip, ...how, '--target', join(root, 'srv/vendor'), ...vendored);
  const venv = join(root, 'opt/venv');
  await exec(pip, ...how, '--target', join(venv, 'lib/python3.11/site-packages'), ...ofVenv);
  mkdirSync(join(venv, 'bin'));
  symlinkSync('/usr/bin/python3', join(venv, 'bin/python'));
  symlinkSync('lib', join(venv, 'lib64'));
  writeFileSync(
    join(venv, 'pyvenv.cfg'),
    'home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n',
  );
  writeFileSync(join(root, 'srv/program.py'), program);
  writeFileSync(join(root, 'srv/venv-program.py'), ofVenvProgram);
  writeFileSync(join(root, 'srv/records.py'), records);
  return context;
}

async function pushed(name: string, from: string, context: string): Promise<string> {
  const lines = [`FROM ${from}`, 'COPY root/ /', 'ENTRYPOINT []', 'CMD ["bash"]'];
  await buildah.build(context, { lines, options: ['-t', `localhost/${name}`] });
  const reference = `${registry.host}/${name}:1`;
  await buildah.run('push', '--quiet', '--tls-verify=false', `localhost/${name}`, `docker://${reference}`);
  return reference;
}

async function port(reference: string): Promise<{ readonly code: number; readonly result: PortResult }> {
  const to = reference.replace(/:1$/, ':ported');
  const args = ['port', reference, '--to', to, '--base', base, '--cache-dir', cache, '--format', 'json'];
  const { code, stdout, stderr } = await armload(args);
  if (stdout === '') throw new Error(stderr);
  return { code, result: JSON.parse(stdout) as PortResult };
}

async function pulled(reference: string, platform: string): Promise<string> {
  const how = ['--quiet', '--tls-verify=false', '--platform', platform];
  return (await buildah.run('pull', ...how, reference)).trim();
}

const script = [
  'python3 /srv/program.py',
  '/opt/venv/bin/python /srv/venv-program.py',
  'python3 /srv/records.py',
  'ruff --version',
  'f2py -v',
].join('\n');

describe.skipIf(!here)('an image with Python packages of three folders', () => {
  let result: PortResult;
  let upstream: string;
  let ported: string;
  beforeAll(async () => {
    const ran = await port(app);
    result = ran.result;
    expect({ code: ran.code, refusals: result.refusals }).toEqual({ code: 0, refusals: [] });
    upstream = await pulled(app, 'linux/amd64');
    ported = await pulled(app.replace(/:1$/, ':ported'), 'linux/arm64');
  }, rootTimeout);

  test('is ported with wheels of the index that pip itself goes to', () => {
    const wheels = result.materials.filter(({ origin }) => origin === 'python');
    const names = [...installed, ...vendored, ...ofVenv].map((one) => one.split('==')[0]?.toLowerCase());
    expect(new Set(wheels.map(({ name }) => name))).toEqual(new Set(names.filter((name) => name !== 'idna')));
    for (const { uri, sha256, purl, architecture } of wheels) {
      expect(uri).toMatch(/^https:.*(?:aarch64|any)\.whl$/);
      expect([sha256, purl, architecture]).toEqual([
        expect.stringMatching(/^[0-9a-f]{64}$/),
        expect.stringContaining('pkg:pypi/'),
        'aarch64',
      ]);
    }
    expect(result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' } });
  });

  test('has no code of the old machine left, and gives the same answers', async () => {
    const machines = await buildah.mounted(ported, machinesIn);
    expect([...machines.keys()]).toEqual(['AArch64']);
    const [before, after] = [await buildah.script(upstream, script), await buildah.script(ported, script)];
    expect(after).toBe(before);
    expect(after).toContain('records: True ');
    expect(await buildah.script(ported, 'python3 -c "import platform; print(platform.machine())"')).toBe(
      'aarch64\n',
    );
  });
});

describe.skipIf(!here)('an image with a package that is made for amd64 alone', () => {
  test(
    'is refused, with its name',
    async () => {
      const context = join(folder.path, 'other');
      const root = join(context, 'root');
      mkdirSync(root, { recursive: true });
      await install(root, amd64Only);
      expect(readdirSync(join(root, 'usr/local/lib'))).toContain('libtbb.so.12');
      const { code, result } = await port(await pushed('amd64-only', base, context));
      expect(code).toBe(1);
      expect(result.refusals).toMatchObject([
        { kind: 'no-counterpart', guess: 'python: tbb 2021.13.1', undetermined: false },
      ]);
      rmSync(context, { recursive: true });
    },
    rootTimeout,
  );
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { file, symlink, writeElf } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import type { NodeSettings } from '../../options.ts';
import type { OriginPlan } from '../../origin-types.ts';
import type { NodeParts } from './index.ts';
import { nodeOrigin } from './index.ts';
import {
  code,
  forMachine,
  imageOf,
  installed,
  type Published,
  pack,
  serve,
  sha512,
  startTestRegistry,
  type TestRegistry,
  tarOf,
  workplace,
} from './node.test-support.ts';

let registry: TestRegistry;
const closing: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  registry = await startTestRegistry();
  closing.push(registry.close);
  await registry.publish(forMachine('tool-linux-x64', 'amd64'));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const old = 'app/node_modules/tool-linux-x64/lib/tool.node';
const optionalDependencies = { 'tool-linux-x64': '1.0.0', 'tool-linux-arm64': '1.0.0' };
const layer: readonly TarMember[] = [
  ...installed('app/node_modules/tool', { name: 'tool', manifest: { optionalDependencies } }),
  ...installed('app/node_modules/tool-linux-x64', forMachine('tool-linux-x64', 'amd64')),
];
const plain = imageOf([layer]);
const right = forMachine('tool-linux-arm64', 'arm64');

interface Circumstances extends NodeParts {
  readonly settings?: NodeSettings;
  readonly more?: readonly TarMember[];
}

async function planOf({ settings, more, ...parts }: Circumstances = {}): Promise<OriginPlan> {
  const { context, remove } = workplace();
  closing.push(remove);
  const image = await (more === undefined ? plain : imageOf([[...layer, ...more]]));
  const environment = { npm_config_registry: registry.url };
  return nodeOrigin(settings, { environment, ...parts }).plan(image, context);
}

async function refusal(circumstances: Circumstances = {}) {
  const plan = await planOf(circumstances);
  expect([...plan.paths, ...plan.added]).toEqual([]);
  expect(plan.materials).toEqual([]);
  expect(plan.refusals).toMatchObject([{ path: old, waivable: true, guess: 'node: tool-linux-x64 1.0.0' }]);
  const [{ why, kind, undetermined = false, lift } = { why: '', kind: 'audit', lift: '' }] = plan.refusals;
  expect(lift).toContain(`--waive /${old}=REASON`);
  return { why, kind, undetermined, lift };
}

async function whyNot(published: Partial<Published>, circumstances: Circumstances = {}) {
  await registry.publish({ ...right, ...published });
  const { why, kind, undetermined } = await refusal(circumstances);
  expect({ kind, undetermined }).toEqual({ kind: 'counterpart', undetermined: false });
  return why;
}

const lockWith = (integrity: string, ofOld?: string) => ({
  'package-lock.json': JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': {},
      'node_modules/a/node_modules/tool-linux-arm64': {
        version: '2.0.0',
        integrity: sha512(Buffer.from('2')),
      },
      'node_modules/tool-linux-arm64': { version: '1.0.0', integrity },
      ...(ofOld !== undefined && { 'node_modules/tool-linux-x64': { version: '1.0.0', integrity: ofOld } }),
    },
  }),
  'yarn.lock': `# yarn lockfile v1\n\n\n"tool-linux-arm64@1.0.0":\n  version "1.0.0"\n  resolved "https://registry.example/x.tgz#abc"\n  integrity ${integrity}\n`,
  'pnpm-lock.yaml': `lockfileVersion: '9.0'\n\npackages:\n\n  tool-linux-arm64@1.0.0:\n    resolution: {integrity: ${integrity}}\n    cpu: [arm64]\n`,
});

describe('what a tarball must be', () => {
  test('is what the registry and the lock files of the image say', async () => {
    await registry.publish(right);
    const integrity = sha512(await pack(right));
    const files = Object.entries(lockWith(integrity)).map(([name, text]) => file(`app/${name}`, text));
    const plan = await planOf({ more: files });
    expect(plan.refusals).toEqual([]);
    expect(plan.materials[0]?.notes?.[0]).toBe(
      'its hash is that of the registry and /app/package-lock.json and /app/yarn.lock and /app/pnpm-lock.yaml',
    );
  });

  test.each(Object.entries(lockWith(sha512(Buffer.from('other')))))(
    'refused where %s says otherwise',
    async (name, text) => {
      const why = await whyNot({}, { more: [file(`app/${name}`, text)] });
      expect(why).toContain(`and /app/${name} says sha512-`);
    },
  );

  test('of a workspace, the lock file lies above', async () => {
    const more = [file('package-lock.json', lockWith(sha512(Buffer.from('other')))['package-lock.json'])];
    expect(await whyNot({}, { more })).toContain('/package-lock.json says');
  });

  test('over plain HTTP, the hash of a lock file is needed: the registry could be anybody', async () => {
    await registry.publish(right);
    const environment = { npm_config_registry: 'http://registry.example/', http_proxy: registry.url };
    const { why, kind, undetermined } = await refusal({ environment });
    expect({ kind, undetermined }).toEqual({ kind: 'counterpart', undetermined: false });
    expect(why).toContain(
      'its registry is reached over plain HTTP, and no lock file of the image has its hash',
    );
    const ofOld = sha512(await pack(forMachine('tool-linux-x64', 'amd64')));
    const lock = lockWith(sha512(await pack(right)), ofOld)['package-lock.json'];
    const plan = await planOf({ environment, more: [file('app/package-lock.json', lock)] });
    expect(plan).toMatchObject({ refusals: [], materials: [{ name: 'tool-linux-arm64' }] });
  });

  test('lock files that say nothing of it, or nothing that can be compared, are told', async () => {
    await registry.publish(right);
    const more = [
      file('app/package-lock.json', '{"lockfileVersion":1,"dependencies":{}}'),
      file('app/yarn.lock', '__metadata:\n  version: 8\n'),
    ];
    const { materials, refusals } = await planOf({ more });
    expect(refusals).toEqual([]);
    expect(materials[0]?.notes).toEqual(
      expect.arrayContaining([
        'not checked against /app/package-lock.json: it is no lock file of version 2 or 3',
        "not checked against /app/yarn.lock: it has hashes of Yarn's own archives",
      ]),
    );
  });

  test('refused where its bytes are others, or nothing vouches for them', async () => {
    const record = (integrity: string | undefined) => ({
      record: (one: Record<string, unknown>) => ({ ...one, dist: { ...(one['dist'] as object), integrity } }),
    });
    expect(await whyNot(record(sha512(Buffer.from('x'))))).toMatch(
      /has the hash sha512-.*, and the registry says/,
    );
    expect(await whyNot(record(undefined))).toContain('nothing vouches for tool-linux-arm64 1.0.0');
    expect(await whyNot(record('sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk='))).toContain('nothing vouches for');
  });

  test("refused where its code is another machine's, or none", async () => {
    const wrong = { 'lib/tool.node': code('amd64', 'x') };
    expect(await whyNot({ files: wrong })).toContain(
      'holds machine code of other machines: lib/tool.node (amd64)',
    );
    expect(await whyNot({ files: { 'lib/tool.node': 'text' } })).toContain('holds no machine code for arm64');
  });

  test('refused where it says that it is another package or version', async () => {
    const tarball = await pack({ ...right, version: '1.0.1' });
    expect(await whyNot({ tarball })).toContain('says of itself that it is tool-linux-arm64 1.0.1');
    const none = gzipSync(await tarOf(file('package/lib/tool.node', writeElf({ machine: 'arm64' }))));
    expect(await whyNot({ tarball: none })).toContain('has no package.json');
  });

  test('refused where it needs what the image has not', async () => {
    await registry.publish({
      ...right,
      manifest: { ...right.manifest, dependencies: { missing: '^1.0.0' } },
    });
    const plan = await planOf();
    expect(plan.refusals).toMatchObject([{ path: old, kind: 'counterpart' }]);
    expect([...plan.paths, ...plan.added]).toEqual([]);
    expect(plan.refusals[0]?.why).toContain("tool-linux-arm64 needs missing, which the image doesn't have");
  });
});

describe('the installed package has to be as the registry has it', () => {
  const planWith = (...members: readonly TarMember[]) => planOf({ more: members });
  const inOld = (path: string, body: string | Uint8Array) =>
    file(`app/node_modules/tool-linux-x64/${path}`, body);
  beforeEach(async () => {
    const files = {
      'lib/tool.node': code('amd64', 'tool-linux-x64'),
      'README.md': 'read me',
      'index.js': '1',
    };
    await registry.publish(right, forMachine('tool-linux-x64', 'amd64', { files }));
  });

  test('but for what npm writes into it, what was removed, and other packages in its own folder', async () => {
    const manifest = JSON.stringify({
      name: 'tool-linux-x64',
      version: '1.0.0',
      os: ['linux'],
      cpu: ['x64'],
      _id: 'x',
    });
    const plan = await planWith(
      inOld('package.json', manifest),
      inOld('index.js', '1'),
      inOld('node_modules/a/b.js', '2'),
    );
    expect(plan.refusals).toEqual([]);
  });

  test.each<readonly [string, TarMember]>([
    ['its machine code', inOld('lib/tool.node', code('amd64', 'patched'))],
    ['its other files', inOld('index.js', '2')],
    ['what was put beside them', inOld('extra.js', '')],
    ['what is a link now', symlink('app/node_modules/tool-linux-x64/README.md', 'index.js')],
  ])('by %s', async (_, member) => {
    const { refusals, paths, added } = await planWith(inOld('index.js', '1'), member);
    expect(refusals).toMatchObject([{ path: old, kind: 'altered' }]);
    expect(refusals[0]?.why).toContain('tool-linux-x64 1.0.0 is not as its registry has it: ');
    expect([...paths, ...added]).toEqual([]);
  });
});

describe('what a package of the image says of others', () => {
  const parent = (names: Readonly<Record<string, string>>, version = '1.0.0') => [
    ...installed('app/node_modules/tool', { name: 'tool', manifest: { optionalDependencies: names } }),
    ...installed('app/node_modules/tool-linux-x64', { ...forMachine('tool-linux-x64', 'amd64'), version }),
  ];
  async function planFor(members: readonly TarMember[]) {
    const { context, remove } = workplace();
    closing.push(remove);
    return nodeOrigin({}, { environment: { npm_config_registry: registry.url } }).plan(
      await imageOf([members]),
      context,
    );
  }

  test('comes into no address and no path unless it is a name', async () => {
    const names = [
      '../../etc/arm64',
      'a/b',
      '@a/../b',
      '.hidden',
      'a\0b',
      '',
      'A b',
      'constructor',
      '__proto__',
    ];
    const specs = Object.fromEntries([...names, 'tool-linux-x64'].map((name) => [name, '1.0.0']));
    const plan = await planFor(parent(specs));
    expect(plan.refusals).toMatchObject([{ path: old, kind: 'no-counterpart' }]);
    expect(registry.requests).toEqual(['/constructor/1.0.0', '/constructor']);
  });

  test('has to be the version that is installed, or a range for both', async () => {
    await registry.publish(
      { ...right, version: '1.0.7' },
      { ...forMachine('tool-linux-x64', 'amd64'), version: '1.0.7' },
    );
    const other = await planFor(parent({ 'tool-linux-x64': '1.0.6', 'tool-linux-arm64': '1.0.6' }, '1.0.7'));
    expect(other.refusals[0]?.why).toContain('tool names 1.0.6');
    const range = await planFor(
      parent({ 'tool-linux-x64': '^1.0.0', 'tool-linux-arm64': '^1.0.0' }, '1.0.7'),
    );
    expect(range).toMatchObject({ refusals: [], materials: [{ version: '1.0.7' }] });
    const apart = await planFor(
      parent({ 'tool-linux-x64': '^1.0.0', 'tool-linux-arm64': '^1.0.1' }, '1.0.7'),
    );
    expect(apart.refusals[0]?.why).toContain('names none for linux-arm64 with glibc');
  });

  test('is not enough where several fit, or nobody names the package', async () => {
    const fitting = (name: string) => forMachine(name, 'arm64');
    await registry.publish(fitting('one'), fitting('two'));
    const several = await planFor(parent({ 'tool-linux-x64': '1.0.0', one: '1.0.0', two: '1.0.0' }));
    expect(several.refusals[0]?.why).toContain('could take the place of tool-linux-x64: one, two');
    const none = await planFor(parent({ other: '1.0.0' }));
    expect(none.refusals[0]?.why).toContain(
      'no package of the image names tool-linux-x64 as an optional dependency',
    );
  });
});

test('one package that is refused is no hindrance for another', async () => {
  const names = ['a', 'b'].flatMap((one) => [`${one}-linux-x64`, `${one}-linux-arm64`]);
  const optional = Object.fromEntries(names.map((name) => [name, '1.0.0']));
  const members = ['a', 'b'].flatMap((one) =>
    installed(`app/node_modules/${one}-linux-x64`, forMachine(`${one}-linux-x64`, 'amd64')),
  );
  const tarball = gzipSync(await tarOf(file('package/x', '1'), symlink('package/y', 'x')));
  await registry.publish(
    { ...forMachine('a-linux-arm64', 'arm64'), tarball },
    forMachine('b-linux-arm64', 'arm64'),
    ...['a-linux-x64', 'b-linux-x64'].map((name) => forMachine(name, 'amd64')),
  );
  const { context, remove } = workplace();
  closing.push(remove);
  const image = await imageOf([
    [
      ...installed('app/node_modules/ab', { name: 'ab', manifest: { optionalDependencies: optional } }),
      ...members,
    ],
  ]);
  const plan = await nodeOrigin({ registry: registry.url }, { environment: {} }).plan(image, context);
  expect(plan.refusals).toMatchObject([
    { path: 'app/node_modules/a-linux-x64/lib/tool.node', kind: 'counterpart' },
  ]);
  expect(plan.materials).toMatchObject([{ name: 'b-linux-arm64' }]);
});

describe('a hostile tarball is refused', () => {
  const manifest = file(
    'package/package.json',
    JSON.stringify({ name: 'tool-linux-arm64', version: '1.0.0' }),
  );
  const program = file('package/lib/tool.node', writeElf({ machine: 'arm64' }));
  const tgz = async (...members: readonly TarMember[]) =>
    gzipSync(await tarOf(manifest, program, ...members));

  test.each<readonly [string, TarMember]>([
    ['a symlink, package/x', symlink('package/x', '/etc/passwd')],
    ['a hardlink, package/y', { name: 'package/y', type: 'hardlink', linkName: 'package/package.json' }],
    ['a fifo, package/z', { name: 'package/z', type: 'fifo' }],
    ['a file with the name package/../../x', file('package/../../x', '')],
    ['a file with the name package/a/../x', file('package/a/../x', '')],
    ['a file with the name x', file('x', '')],
    ['a file with the name package/.wh.lib', file('package/.wh.lib', '')],
    ['lib/tool.node twice', file('package/lib/tool.node', 'other')],
    ['lib/tool.node/x', file('package/lib/tool.node/x', '')],
  ])('with %s', async (what, member) => {
    expect(await whyNot({ tarball: await tgz(member) })).toContain(what.split('/x')[0]);
  });

  test('that unpacks to more than it may, has more files, or is longer', async () => {
    const bomb = await tgz(file('package/big', Buffer.alloc(4 * 1024 ** 2)));
    const limits = (more: NonNullable<NodeParts['limits']>) => ({ limits: more });
    expect(await whyNot({ tarball: bomb }, limits({ unpackedBytes: 1024 ** 2 }))).toContain(
      'unpacks to more than',
    );
    expect(await whyNot({ tarball: bomb }, limits({ fileBytes: 1024 ** 2 }))).toContain(
      'big of tool-linux-arm64',
    );
    expect(await whyNot({ tarball: bomb }, limits({ files: 2 }))).toContain('more than 2 files');
    expect(await whyNot({ tarball: bomb }, limits({ tarballBytes: 100 }))).toContain('more than 100 bytes');
  });

  test('or is damaged, wherever', async () => {
    const whole = await tgz();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const tarball = Buffer.from(whole);
        tarball[at % tarball.length] = (tarball[at % tarball.length] ?? 0) ^ flip;
        await registry.publish({ ...right, tarball });
        const plan = await planOf();
        expect(plan.refusals.length + plan.added.length).toBeGreaterThan(0);
        if (plan.refusals.length === 0) expect(plan.materials).toHaveLength(1);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a registry that', () => {
  test('has no such version, or no such package, refuses it by name', async () => {
    const { why, kind, undetermined } = await refusal();
    expect({ why, kind, undetermined }).toEqual({
      ...{ why: 'the registry has no tool-linux-arm64 1.0.0', kind: 'no-counterpart', undetermined: false },
    });
    expect(registry.requests).toEqual(['/tool-linux-arm64/1.0.0', '/tool-linux-arm64']);
  });

  test('knows packages as a whole alone is asked so', async () => {
    await registry.publish(right);
    registry.intercept = (request, response) => {
      if (request.url === '/tool-linux-arm64/1.0.0') response.writeHead(405).end();
      else if (request.url === '/tool-linux-arm64')
        void pack(right).then((tarball) => {
          const dist = {
            tarball: `${registry.url}tool-linux-arm64/-/tool-linux-arm64-1.0.0.tgz`,
            integrity: sha512(tarball),
          };
          const { name, manifest } = right;
          response.end(
            JSON.stringify({ name, versions: { '1.0.0': { name, version: '1.0.0', ...manifest, dist } } }),
          );
        });
      else return false;
      return true;
    };
    expect(await planOf()).toMatchObject({ refusals: [], materials: [{ name: 'tool-linux-arm64' }] });
  });

  test('answers slowly, never, or with nonsense leaves it undetermined', async () => {
    const limits = { questionTime: 100 };
    const silent = () => true;
    const dripping: TestRegistry['intercept'] = (_, response) => {
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
      return true;
    };
    for (const [intercept, said] of [
      [silent, 'was not done after 0.1 seconds'],
      [dripping, 'was not done after 0.1 seconds'],
      [respond(200, '<html>'), 'gives no JSON'],
      [
        respond(200, '{"name":"tool-linux-arm64","version":"2.0.0","dist":{"tarball":"x"}}'),
        'speaks of tool-linux-arm64 2.0.0',
      ],
      [respond(200, '[1]'), 'makes no sense'],
      [respond(401, ''), 'answered 401'],
    ] as const) {
      registry.intercept = intercept;
      const { why, undetermined } = await refusal({ limits });
      expect(why).toContain(said);
      expect(undetermined).toBe(true);
    }
  });

  test('says too much is refused', async () => {
    registry.intercept = respond(200, `{"a":"${'x'.repeat(2000)}"}`);
    const { why } = await refusal({ limits: { recordBytes: 1000 } });
    expect(why).toContain('more than 1000 bytes');
  });

  test('fails now and then is asked again', async () => {
    await registry.publish(right);
    let failures = 2;
    registry.intercept = (_, response) => {
      if (failures-- <= 0) return false;
      response.writeHead(503).end();
      return true;
    };
    expect((await planOf()).refusals).toEqual([]);
  });

  test('can not be reached, or is known to nobody, leaves it undetermined, with what would help', async () => {
    const gone = await refusal({ environment: { npm_config_registry: 'http://127.0.0.1:1/' } });
    expect(gone).toMatchObject({ undetermined: true });
    const { why, undetermined, lift } = await refusal({ environment: {} });
    expect(why).toContain('no npm registry is known');
    expect(undetermined).toBe(true);
    expect(lift).toContain('Name it with --node-registry ADDRESS, or set npm_config_registry');
  });
});

function respond(status: number, body: string): TestRegistry['intercept'] {
  return (_, response) => {
    response.writeHead(status).end(body);
    return true;
  };
}

describe('credentials', () => {
  const token = 'npm_verysecret0123456789';

  async function withToken(more: Circumstances & { readonly hosts?: readonly string[] } = {}) {
    const { folder, remove } = workplace();
    closing.push(remove);
    const { hosts = [new URL(registry.url).host] } = more;
    const lines = hosts.map((host) => `//${host}/:_authToken=\${TOKEN}\n`);
    writeFileSync(join(folder, 'npmrc'), lines.join(''));
    const environment = {
      npm_config_registry: registry.url,
      npm_config_userconfig: join(folder, 'npmrc'),
      TOKEN: token,
    };
    return planOf({ ...more, environment });
  }

  test('are sent to the host that they are for, and never told', async () => {
    await registry.publish(right);
    const plan = await withToken();
    expect(plan.refusals).toEqual([]);
    expect(registry.headers.map(({ authorization }) => authorization)).toEqual(
      Array.from({ length: 4 }, () => `Bearer ${token}`),
    );
    expect(JSON.stringify(plan)).not.toContain(token);
  });

  test('are not sent to others, nor where a redirect leads to; what is there counts by its hash', async () => {
    await registry.publish(right);
    const tarball = await pack(right);
    const other = await serve((_, response) => response.end(tarball));
    closing.push(other.close);
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith('arm64-1.0.0.tgz')) return false;
      response.writeHead(302, { location: `${other.origin}/blob` }).end();
      return true;
    };
    // The user has one for that host too: still, it was not asked for this.
    const plan = await withToken({ hosts: [registry.url, other.origin].map((url) => new URL(url).host) });
    expect(plan).toMatchObject({ refusals: [], materials: [{ name: 'tool-linux-arm64' }] });
    expect(other.requests).toEqual(['/blob']);
    expect(other.headers[0]?.authorization).toBeUndefined();
    const elsewhere = await withToken({ hosts: ['registry.example'] });
    expect(elsewhere.refusals).toEqual([]);
    expect(registry.headers.at(-1)?.authorization).toBeUndefined();
  });

  test('what a registry says of a package has to come from its own host', async () => {
    const other = await serve((_, response) => response.end('{}'));
    closing.push(other.close);
    registry.intercept = (_, response) => {
      response.writeHead(302, { location: `${other.origin}/x` }).end();
      return true;
    };
    expect(await refusal()).toMatchObject({
      undetermined: true,
      why: expect.stringContaining('was redirected to'),
    });
    expect(other.requests).toEqual([]);
  });
});

test("a tarball's address at another host is tried at the registry's first, as with mirrors", async () => {
  const other = await serve((_, response) => response.writeHead(404).end());
  closing.push(other.close);
  const record = (one: Record<string, unknown>) => {
    const dist = one['dist'] as { tarball: string };
    return {
      ...one,
      dist: { ...dist, tarball: dist.tarball.replace(new URL(registry.url).origin, other.origin) },
    };
  };
  await registry.publish({ ...right, record });
  expect((await planOf()).refusals).toEqual([]);
  expect(other.requests).toEqual([]);
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith('.tgz')) return false;
    response.writeHead(404).end();
    return true;
  };
  const { why, kind } = await refusal();
  expect({ why, kind }).toEqual({ kind: 'no-counterpart', why: expect.stringContaining('answered 404') });
  expect(other.requests).toEqual(['/tool-linux-arm64/-/tool-linux-arm64-1.0.0.tgz']);
});

test('a path that somebody else answers for is left alone, and so is a package for both platforms', async () => {
  const { context, remove } = workplace();
  closing.push(remove);
  const origin = nodeOrigin({}, { environment: {} });
  const taken = { ...context, taken: new Set([old]) };
  expect(await origin.plan(await plain, taken)).toMatchObject({
    ...{ refusals: [], added: [] },
    notes: [expect.stringContaining('/app/node_modules/tool-linux-x64 is for the old platform alone')],
  });
  const both = forMachine('tool', 'amd64', { manifest: { cpu: ['x64', 'arm64'] } });
  const image = await imageOf([installed('app/node_modules/tool', both)]);
  expect(await origin.plan(image, context)).toMatchObject({ refusals: [], added: [] });
});

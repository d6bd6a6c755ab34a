import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inspectBytes } from '../../../binary/index.ts';
import { file } from '../../../fixture/index.ts';
import type { JavaSettings } from '../../options.ts';
import {
  amd64,
  arm64,
  fates,
  newBytes,
  packed,
  planWith,
  serve,
  sum,
  temporary,
} from './java.test-support.ts';
import { type JavaParts, javaOrigin } from './java-origin.ts';

const table = new Map([
  [
    'org.example:zipper',
    { artifact: 'org.example:zipper', arm64Since: '1.4', note: 'It is fast.', confirmed: true },
  ],
]);
const nowhere: JavaParts = { environment: {}, table };

function origin(settings: JavaSettings = {}, parts: JavaParts = {}) {
  return javaOrigin(settings, { ...nowhere, ...parts });
}

/** A jar of org.example:tool for one platform, as each has one of its own. */
function toolJar(code: Uint8Array, name: string, artifact = 'tool'): Buffer {
  return packed({
    'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0\n',
    [`META-INF/maven/org.example/${artifact}/pom.properties`]: 'version=1.0\n',
    [`META-INF/native/${name}`]: code,
    'org/example/Tool.class': 'class',
  });
}

const oldTool = toolJar(amd64, 'libtool_linux_x86_64.so');
const newTool = toolJar(arm64, 'libtool_linux_aarch_64.so');
const toolPath = 'app/lib/tool-1.0-linux-x86_64.jar';

const oldZipper = packed({ 'org/example/linux/amd64/libzip.so': amd64, 'org/example/Zip.class': 'class' });
const newZipper = packed({
  'org/example/linux/amd64/libzip.so': amd64,
  'org/example/linux/aarch64/libzip.so': arm64,
  'org/example/Zip.class': 'class',
});

/** A repository of jars by their place, each with a sum beside it. */
function repository(
  jars: Readonly<Record<string, Buffer>>,
  algorithm = 'sha256',
): Record<string, string | Buffer> {
  return Object.fromEntries(
    Object.entries(jars).flatMap(([path, bytes]) => [
      [path, bytes],
      [`${path}.${algorithm}`, `${sum(algorithm, bytes)}  ${path}\n`],
    ]),
  );
}

const tools = {
  'org/example/tool/1.0/tool-1.0-linux-x86_64.jar': oldTool,
  'org/example/tool/1.0/tool-1.0-linux-aarch_64.jar': newTool,
};
const zippers = {
  'org/example/zipper/1.2/zipper-1.2.jar': oldZipper,
  'org/example/zipper/1.4/zipper-1.4.jar': newZipper,
};

describe('a jar that each platform has one of', () => {
  test("gives way to the new platform's of the same version, under its old name", async () => {
    const server = await serve(repository(tools));
    const { plan } = await planWith(origin({ repositories: [server.url] }), [file(toolPath, oldTool)]);
    expect([fates(plan), plan.refusals]).toEqual([{ [toolPath]: 'replace' }, []]);
    expect(await newBytes(plan, toolPath)).toEqual(newTool);
    expect(plan.notes).toEqual([
      `/${toolPath} keeps its name, which class paths may give, and is org.example:tool 1.0 (linux-aarch_64) now`,
    ]);
    expect(plan.materials).toEqual([
      {
        ...{ origin: 'java', name: 'org.example:tool', version: '1.0', architecture: 'linux-aarch_64' },
        uri: `${server.url}org/example/tool/1.0/tool-1.0-linux-aarch_64.jar`,
        ...{ sha256: sum('sha256', newTool), size: newTool.length },
        purl: 'pkg:maven/org.example/tool@1.0?classifier=linux-aarch_64',
      },
    ]);
  });

  test('may be an artifact that is called after the platform', async () => {
    const [oldName, newName] = ['native-linux-x86_64', 'native-linux-aarch64'];
    const [before, after] = [toolJar(amd64, 'libx.so', oldName), toolJar(arm64, 'libx.so', newName)];
    const server = await serve(
      repository({
        [`org/example/${oldName}/2.0/${oldName}-2.0.jar`]: before,
        [`org/example/${newName}/2.0/${newName}-2.0.jar`]: after,
      }),
    );
    const path = `app/${oldName}-2.0.jar`;
    const { plan } = await planWith(origin({ repositories: [server.url] }), [file(path, before)]);
    expect(await newBytes(plan, path)).toEqual(after);
    expect(plan.materials).toMatchObject([{ purl: 'pkg:maven/org.example/native-linux-aarch64@2.0' }]);
  });

  test('is compared by its bytes where the repository says its SHA-1 alone, and the material says so', async () => {
    const server = await serve(repository(tools, 'sha1'));
    const { plan } = await planWith(origin({ repositories: [server.url] }), [file(toolPath, oldTool)]);
    expect(fates(plan)).toEqual({ [toolPath]: 'replace' });
    expect(plan.materials[0]?.notes).toEqual(['its repository says its SHA-1 alone']);
  });

  test('is fetched once, whatever number of ports needs it', async () => {
    const server = await serve(repository(tools));
    const cache = temporary();
    for (let turn = 0; turn < 2; turn += 1)
      await planWith(origin({ repositories: [server.url] }), [file(toolPath, oldTool)], { cache });
    expect(server.asked.filter((path) => path.endsWith('.jar'))).toHaveLength(1);
  });

  test('is left alone where the one for the new platform lies beside it, in the base, or answered for', async () => {
    const own = origin({ repositories: ['http://127.0.0.1:9/'] });
    const beside = file('app/lib/tool-1.0-linux-aarch_64.jar', newTool);
    for (const [members, context] of [
      [[file(toolPath, oldTool), beside], {}],
      [[file('x', 'y')], { base: [file(toolPath, oldTool)] }],
      [[file(toolPath, oldTool)], { taken: new Set([toolPath]) }],
      [[file('app/lib/zipper-1.4.jar', newZipper)], {}],
      [[file('app/lib/mystery.jar', oldZipper)], {}],
    ] as const) {
      const { plan } = await planWith(own, members, context);
      expect([fates(plan), plan.refusals]).toEqual([{}, []]);
    }
  });

  test('is refused where the repository has other bytes under its name, and where it has none for the platform', async () => {
    const altered = await serve(
      repository({ ...tools, 'org/example/tool/1.0/tool-1.0-linux-x86_64.jar': newTool }),
    );
    const { plan } = await planWith(origin({ repositories: [altered.url] }), [file(toolPath, oldTool)]);
    expect(plan.paths.size).toBe(0);
    expect(plan.refusals).toMatchObject([
      {
        path: toolPath,
        kind: 'altered',
        guess: 'java: org.example:tool 1.0 (linux-x86_64)',
        onlyIfUsed: true,
      },
    ]);
    const { [Object.keys(tools)[0] as string]: one } = tools as Record<string, Buffer>;
    const alone = await serve(
      repository({ 'org/example/tool/1.0/tool-1.0-linux-x86_64.jar': one as Buffer }),
    );
    const { plan: none } = await planWith(origin({ repositories: [alone.url] }), [file(toolPath, oldTool)]);
    expect(none.refusals).toMatchObject([{ kind: 'no-counterpart' }]);
    expect(none.refusals[0]?.undetermined).toBeUndefined();
  });
});

describe('a jar without code for the new platform', () => {
  const path = 'app/lib/zipper-1.2.jar';

  test('is refused with the version that has some, and nothing is asked for', async () => {
    const server = await serve(repository(zippers));
    const { plan } = await planWith(origin({ repositories: [server.url] }), [file(path, oldZipper)]);
    expect([plan.paths.size, server.asked]).toEqual([0, []]);
    expect(plan.refusals).toMatchObject([{ path, kind: 'no-counterpart', waivable: true }]);
    expect(plan.refusals[0]?.lift).toMatch(
      /^org\.example:zipper 1\.4 has machine code for arm64: take it with --allow-upgrade.* It is fast\./,
    );
  });

  test('is not exchanged for an older version, which is said to have some', async () => {
    const settings = { repositories: ['http://127.0.0.1:9/'], allowUpgrade: true };
    const { plan } = await planWith(origin(settings), [file('app/lib/zipper-1.5.jar', oldZipper)]);
    expect(plan.refusals).toMatchObject([{ kind: 'no-counterpart', guess: 'java: org.example:zipper 1.5' }]);
    expect(plan.refusals[0]?.lift).toMatch(/^Look for a version of org\.example:zipper/);
  });

  test('gives way to that version where a person allows it', async () => {
    const server = await serve(repository(zippers));
    const settings = { repositories: [server.url], allowUpgrade: true };
    const { plan } = await planWith(origin(settings), [file(path, oldZipper)]);
    expect(await newBytes(plan, path)).toEqual(newZipper);
    expect(plan.materials).toMatchObject([{ version: '1.4', notes: ['upgraded from 1.2'] }]);
    const other = await planWith(origin(settings), [
      file(path, toolJar(amd64, 'libzip_x86_64.so', 'zipper')),
    ]);
    expect(other.plan.refusals).toMatchObject([{ kind: 'altered' }]);
  });

  test('is refused where the archive that it lies in is not at hand, with what to build that with', async () => {
    const war = packed({ 'WEB-INF/lib/zipper-1.2.jar': oldZipper, 'index.html': 'x' });
    const { plan } = await planWith(origin({ allowUpgrade: true }), [file('srv/app.war', war)], {
      isAtHand: false,
    });
    expect(plan.refusals).toMatchObject([{ path: 'srv/app.war', guess: 'java: org.example:zipper 1.2' }]);
    expect(plan.refusals[0]?.why).toContain('WEB-INF/lib/zipper-1.2.jar in it');
    expect(plan.refusals[0]?.lift).toContain('Build the archive with org.example:zipper 1.4 in it');
  });
});

describe('jars in another archive', () => {
  const war = packed({
    'WEB-INF/lib/zipper-1.2.jar': oldZipper,
    'WEB-INF/lib/a-tool.jar': oldTool,
    'index.html': 'x',
  });
  const inside = (bytes: Buffer) =>
    inspectBytes('x.war', bytes).nested?.map(({ path }) => path.split('!/').at(-1) ?? '') ?? [];

  test('are exchanged where all that are known can be, and refused together otherwise', async () => {
    const both = packed({
      'WEB-INF/lib/zipper-1.2.jar': oldZipper,
      'WEB-INF/lib/tool-1.0-linux-x86_64.jar': oldTool,
    });
    const server = await serve({ ...repository(zippers), ...repository(tools) });
    const settings = { repositories: [server.url], allowUpgrade: true };
    const { plan } = await planWith(origin(settings), [file('srv/app.war', both)]);
    expect([fates(plan), plan.refusals]).toEqual([{ 'srv/app.war': 'replace' }, []]);
    expect(inside(await newBytes(plan, 'srv/app.war')).sort()).toEqual([
      'META-INF/native/libtool_linux_aarch_64.so',
      'org/example/linux/aarch64/libzip.so',
      'org/example/linux/amd64/libzip.so',
    ]);
    expect(plan.materials).toHaveLength(2);
    const half = await planWith(origin({ repositories: [server.url] }), [file('srv/app.war', both)]);
    expect(half.plan.paths.size).toBe(0);
    expect(half.plan.refusals).toMatchObject([
      { path: 'srv/app.war', why: expect.stringContaining('zipper-1.2.jar in it') },
    ]);
  });

  test('are exchanged where others that nobody knows are beside them: the audit judges those', async () => {
    const server = await serve(repository(zippers));
    const settings = { repositories: [server.url], allowUpgrade: true };
    const { plan } = await planWith(origin(settings), [file('srv/app.war', war)]);
    expect(inside(await newBytes(plan, 'srv/app.war'))).toContain('META-INF/native/libtool_linux_x86_64.so');
    expect(plan.refusals).toEqual([]);
  });

  test('are left alone where the archive is damaged', async () => {
    const server = await serve(repository(zippers));
    const settings = { repositories: [server.url], allowUpgrade: true };
    const damaged = Buffer.from(war);
    damaged.fill(0xff, 60, 90);
    const { plan } = await planWith(origin(settings), [file('srv/app.war', damaged)]);
    expect(plan.paths.size).toBe(0);
  });
});

describe('what a repository gives is not believed', () => {
  const place = 'org/example/tool/1.0/tool-1.0-linux-aarch_64.jar';
  const refusalOf = async (files: Record<string, string | Buffer>, parts: JavaParts = {}) => {
    const server = await serve(files);
    const { plan } = await planWith(origin({ repositories: [server.url] }, parts), [file(toolPath, oldTool)]);
    expect(plan.paths.size).toBe(0);
    return plan.refusals[0];
  };

  test('where the bytes have another sum', async () => {
    const files = { ...repository(tools), [place]: Buffer.concat([newTool, Buffer.from('x')]) };
    expect(await refusalOf(files)).toMatchObject({
      kind: 'counterpart',
      why: expect.stringContaining('sha256'),
    });
  });

  test.each([
    ['it has no machine code for linux/arm64, but for amd64', oldTool],
    ['it is no jar', Buffer.from('<html>')],
    ['its machine code lies in other folders', packed({ 'x/y/libtool.so': arm64 })],
    ["it says that it's org.example:other", toolJar(arm64, 'libtool_linux_aarch_64.so', 'other')],
  ])('where %s', async (why, bytes) => {
    const found = await refusalOf(repository({ ...tools, [place]: bytes }));
    expect(found).toMatchObject({ kind: 'counterpart', why: expect.stringContaining(why) });
    expect(found?.undetermined).toBeUndefined();
  });

  test('where it is too much', async () => {
    const found = await refusalOf(repository(tools), { limits: { jarBytes: 100 } });
    expect(found).toMatchObject({ kind: 'counterpart', why: expect.stringContaining('the limit') });
  });

  test.each(['', 'not a sum', `${'0'.repeat(64)} ${'1'.repeat(64)}`])(
    'where its sums are none: "%s"',
    async (text) => {
      const files = { ...repository(tools), [`${place}.sha256`]: text };
      expect(await refusalOf(files)).toMatchObject({ kind: 'no-counterpart' });
    },
  );
});

describe('undetermined is', () => {
  test('where no repository is known', async () => {
    const { plan } = await planWith(origin(), [file(toolPath, oldTool)]);
    expect(plan.refusals).toMatchObject([
      { undetermined: true, why: expect.stringContaining('no repository is named'), kind: 'package' },
    ]);
  });

  test('where one does not answer, is slow, or leads elsewhere', async () => {
    const elsewhere = await serve(repository(tools));
    const redirecting = await serve({}, (request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}${request.url?.slice(1)}` }).end();
      return true;
    });
    const silent = await serve({}, () => true);
    for (const url of ['http://127.0.0.1:9/', redirecting.url, silent.url]) {
      const own = origin({ repositories: [url] }, { limits: { time: 300 } });
      const { plan } = await planWith(own, [file(toolPath, oldTool)]);
      expect(plan.refusals).toMatchObject([{ undetermined: true, kind: 'package' }]);
    }
    expect(elsewhere.asked).toEqual([]);
  });
});

test('a repository that Maven is configured for is gone to with its login, by the mirror that stands for it', async () => {
  const files = repository(tools);
  const login = `Basic ${Buffer.from('reader:s3cret').toString('base64')}`;
  const server = await serve(files, (request, response) => {
    if (request.headers.authorization === login) return false;
    response.writeHead(401).end();
    return true;
  });
  const home = temporary();
  const maven = join(home, 'maven');
  mkdirSync(join(home, '.m2'));
  mkdirSync(join(maven, 'lib'), { recursive: true });
  const pom = packed({
    'org/apache/maven/model/pom-4.0.0.xml':
      '<project><repositories><repository><id>main</id><url>https://packages.example/maven</url></repository></repositories></project>',
  });
  writeFileSync(join(maven, 'lib', 'maven-model-builder-3.9.jar'), pom);
  writeFileSync(
    join(home, '.m2', 'settings.xml'),
    `<?xml version="1.0"?><!-- ours --><settings><mirrors><mirror><id>here</id><mirrorOf>external:*</mirrorOf><url>${server.url}</url></mirror></mirrors><servers><server><id>here</id><username>reader</username><password>\${env.SECRET}</password></server></servers></settings>`,
  );
  const environment = { HOME: home, MAVEN_HOME: maven, SECRET: 's3cret' };
  const { plan } = await planWith(origin({}, { environment }), [file(toolPath, oldTool)]);
  expect([fates(plan), plan.refusals]).toEqual([{ [toolPath]: 'replace' }, []]);
  expect(JSON.stringify(plan)).not.toContain('s3cret');
});

test('a signal ends it', async () => {
  const server = await serve({}, () => true);
  const signal = AbortSignal.timeout(50);
  const own = origin({ repositories: [server.url] });
  await expect(planWith(own, [file(toolPath, oldTool)], { signal })).rejects.toThrow(/timeout/i);
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { directory, file, symlink } from '../../../fixture/index.ts';
import {
  amd64,
  arm64,
  fates,
  newBytes,
  planWith,
  type RunningServer,
  serve,
  sum,
  temporary,
} from '../java/java.test-support.ts';
import { installed, type MadeGem, makeGem, root, serveGems } from './ruby.test-support.ts';
import { type RubyParts, rubyOrigin } from './ruby-origin.ts';

const [from, to] = ['x86_64-linux', 'aarch64-linux'];
const old = await makeGem({
  platform: from,
  files: {
    'lib/fast.rb': 'require "fast/fast"\n',
    'lib/fast/fast.so': amd64,
    'lib/fast/version.rb': 'old',
    'exe/x86_64-linux/fast': amd64,
    'README.md': 'hello',
  },
});
const now = await makeGem({
  platform: to,
  files: {
    'lib/fast.rb': 'require "fast/fast"\n',
    'lib/fast/fast.so': arm64,
    'lib/fast/version.rb': 'new',
    'exe/aarch64-linux/fast': arm64,
    'README.md': 'hello',
  },
});
const folder = `${root}/gems/fast-1.2.0-${from}`;
const newFolder = `${root}/gems/fast-1.2.0-${to}`;
const specification = (platform: string) => `${root}/specifications/fast-1.2.0-${platform}.gemspec`;
const nowhere: RubyParts = { environment: {}, system: '/nonexistent' };

function origin(server?: RunningServer | string, parts: RubyParts = {}) {
  const url = typeof server === 'object' ? server.url : server;
  return rubyOrigin(url === undefined ? {} : { sources: [url] }, { ...nowhere, ...parts });
}

describe('a gem that was built for the old machine', () => {
  test('becomes the one of the same version for the new, under its name', async () => {
    const server = await serveGems([old, now]);
    const { plan } = await planWith(origin(server), installed(old));
    expect(plan.refusals).toEqual([]);
    expect(fates(plan)).toEqual({
      [folder]: `rename -> ${newFolder}`,
      [`${folder}/README.md`]: `rename -> ${newFolder}/README.md`,
      [`${folder}/exe`]: `rename -> ${newFolder}/exe`,
      [`${folder}/exe/x86_64-linux`]: `rename -> ${newFolder}/exe/x86_64-linux`,
      [`${folder}/exe/x86_64-linux/fast`]: 'drop',
      [`${newFolder}/exe/aarch64-linux`]: 'add /',
      [`${newFolder}/exe/aarch64-linux/fast`]: 'add',
      [`${folder}/lib`]: `rename -> ${newFolder}/lib`,
      [`${folder}/lib/fast`]: `rename -> ${newFolder}/lib/fast`,
      [`${folder}/lib/fast.rb`]: `rename -> ${newFolder}/lib/fast.rb`,
      [`${folder}/lib/fast/fast.so`]: `replace -> ${newFolder}/lib/fast/fast.so`,
      [`${folder}/lib/fast/version.rb`]: `replace -> ${newFolder}/lib/fast/version.rb`,
      [specification(from)]: `replace -> ${specification(to)}`,
      [`${root}/cache/${old.fullName}.gem`]: `replace -> ${root}/cache/${now.fullName}.gem`,
    });
    expect(await newBytes(plan, `${folder}/lib/fast/fast.so`)).toEqual(Buffer.from(arm64));
    const text = (await newBytes(plan, specification(from))).toString();
    expect(text).toContain('# stub: fast 1.2.0 aarch64-linux lib\n');
    expect(text).toContain('s.platform = "aarch64-linux".freeze\n');
    expect(text).not.toContain(from);
    expect(plan.materials).toEqual([
      {
        ...{ origin: 'ruby', name: 'fast', version: '1.2.0', architecture: to },
        uri: `${server.url}gems/${now.fullName}.gem`,
        ...{ sha256: sum('sha256', now.bytes), size: now.bytes.length },
        purl: 'pkg:gem/fast@1.2.0?platform=aarch64-linux',
      },
    ]);
  });

  test('keeps what was changed or made in it, with a note, and what was deleted stays so', async () => {
    const changes = { 'README.md': 'ours', 'lib/fast/version.rb': null, 'tmp/made.txt': 'made' };
    const { plan } = await planWith(origin(await serveGems([old, now])), installed(old, changes));
    expect([plan.refusals, fates(plan)]).toMatchObject([
      [],
      {
        [`${folder}/README.md`]: `rename -> ${newFolder}/README.md`,
        [`${folder}/tmp/made.txt`]: `rename -> ${newFolder}/tmp/made.txt`,
      },
    ]);
    expect(Object.keys(fates(plan)).filter((path) => path.endsWith('version.rb'))).toEqual([]);
    expect(plan.notes).toEqual([`/${folder}/README.md was changed after it was installed, and stays so`]);
  });

  test('is fetched once, whatever number of ports needs it', async () => {
    const server = await serveGems([old, now]);
    const cache = temporary();
    for (let turn = 0; turn < 2; turn += 1) await planWith(origin(server), installed(old), { cache });
    expect(server.asked.filter((path) => path.startsWith('gems/'))).toHaveLength(2);
  });

  test('keeps its C library', async () => {
    const musl = await makeGem({ platform: `${from}-musl`, files: { 'lib/a.so': amd64 } });
    const gnu = await makeGem({ platform: `${to}-gnu`, files: { 'lib/a.so': arm64 } });
    const target = await makeGem({ platform: `${to}-musl`, files: { 'lib/a.so': arm64 } });
    const { plan } = await planWith(origin(await serveGems([musl, gnu, target])), installed(musl));
    expect(plan.materials).toMatchObject([{ architecture: 'aarch64-linux-musl' }]);
    const none = await planWith(origin(await serveGems([musl, gnu])), installed(musl));
    expect(none.plan.refusals).toMatchObject([
      { kind: 'no-counterpart', why: expect.stringContaining('not for aarch64-linux-musl') },
    ]);
  });

  test('is left alone in the base, answered for, or beside the one for the new machine', async () => {
    for (const [members, context] of [
      [[file('x', 'y')], { base: installed(old) }],
      [installed(old), { taken: new Set([`${folder}/lib/fast/fast.so`]) }],
      [[...installed(old), ...installed(now)], {}],
    ] as const) {
      const { plan } = await planWith(origin('http://127.0.0.1:9/'), members, context);
      expect([fates(plan), plan.refusals]).toEqual([{}, []]);
    }
  });
});

describe('refused as a whole is a gem', () => {
  const refusalOf = async (gems: readonly MadeGem[], changes = {}, parts: RubyParts = {}) => {
    const { plan } = await planWith(origin(await serveGems(gems), parts), installed(old, changes));
    expect(plan.refusals).toHaveLength(1);
    expect(new Set(Object.values(fates(plan)))).toEqual(new Set(['keep']));
    expect(plan.refusals[0]).toMatchObject({
      ...{ path: folder, guess: 'ruby: fast 1.2.0', waivable: true },
      covers: expect.arrayContaining([`${folder}/lib/fast/fast.so`]),
    });
    return plan.refusals[0];
  };

  test('that no server has, or not for the new machine', async () => {
    expect(await refusalOf([now])).toMatchObject({ kind: 'package' });
    expect(await refusalOf([old])).toMatchObject({ kind: 'no-counterpart' });
  });

  test('whose machine code is not as the server has it', async () => {
    const altered = Buffer.concat([amd64, Buffer.from('x')]);
    expect(await refusalOf([old, now], { 'lib/fast/fast.so': altered })).toMatchObject({ kind: 'altered' });
    expect(await refusalOf([old, now], { 'lib/more.so': amd64 })).toMatchObject({ kind: 'altered' });
  });

  const other = (spec: Partial<Parameters<typeof makeGem>[0]>) =>
    makeGem({ platform: to, files: now.files, ...spec });
  test.each([
    [
      'is for another machine',
      { files: { ...now.files, 'lib/fast/fast.so': amd64 } },
      'is machine code for amd64',
    ],
    ['has no machine code', { files: { 'lib/fast.rb': '' } }, 'has no machine code'],
    ['depends on something else', { dependency: 'other' }, 'dependencies differ'],
    ['has a link', { more: [symlink('lib/link.so', '/etc/passwd')] }, 'has a symlink'],
    ['has a name twice', { more: [file('README.md', 'again')] }, 'twice'],
    ['has a file in the place of a folder', { more: [file('lib', 'x')] }, 'twice'],
    ['has a name that leads out of it', { more: [file('../../x', 'x')] }, 'with the name ../../x'],
    ['has a name that goes back', { more: [file('lib/../other.rb', 'x')] }, 'with the name lib/../other.rb'],
    ['has a marker', { more: [file('lib/.wh.fast.rb', 'x')] }, 'with the name'],
  ] as const)('whose counterpart %s', async (_what, spec, why) => {
    const found = await refusalOf([old, await other(spec as Partial<Parameters<typeof makeGem>[0]>)]);
    expect(found).toMatchObject({ kind: 'counterpart', why: expect.stringContaining(why) });
    expect(found?.undetermined).toBeUndefined();
  });

  test('that is too much, or has other bytes than the index says, or is none', async () => {
    const small = { limits: { unpackedBytes: 2000 } };
    expect(await refusalOf([old, now], {}, small)).toMatchObject({ kind: 'counterpart' });
    const files = { [`gems/${now.fullName}.gem`]: Buffer.from('other') };
    const server = await serveGems([old, now], files);
    const { plan } = await planWith(origin(server), installed(old));
    expect(plan.refusals).toMatchObject([{ kind: 'counterpart', why: expect.stringContaining('sha256') }]);
    const none = { ...now, bytes: Buffer.from('no tar') };
    expect(await refusalOf([old, none])).toMatchObject({ kind: 'counterpart' });
  });

  test('whose specification is not as RubyGems writes it', async () => {
    const members = installed(old).map((member) =>
      typeof member.name === 'string' && member.name.endsWith('.gemspec')
        ? file(
            member.name,
            `# stub: fast 1.2.0 ${from} lib\nGem::Specification.new { |s| s.platform = ENV["P"] }\n`,
          )
        : member,
    );
    const { plan } = await planWith(origin(await serveGems([old, now])), members);
    expect(plan.refusals).toMatchObject([{ path: folder, kind: 'altered' }]);
  });

  test('that was compiled when it was installed, or is for all platforms and has code for one', async () => {
    const plain = await makeGem({ platform: 'ruby', files: { 'lib/fast.rb': '' } });
    const compiled = [
      ...installed(plain, { 'lib/fast.so': amd64 }),
      directory(`${root}/extensions/x86_64-linux/3.2.0/fast-1.2.0`),
      file(`${root}/extensions/x86_64-linux/3.2.0/fast-1.2.0/fast.so`, amd64),
    ];
    const { plan } = await planWith(origin('http://127.0.0.1:9/'), compiled);
    expect(plan.refusals).toMatchObject([
      {
        path: `${root}/gems/fast-1.2.0`,
        kind: 'no-counterpart',
        why: expect.stringContaining('was compiled'),
      },
    ]);
    expect(plan.refusals[0]?.covers).toHaveLength(2);
    const carried = await planWith(origin('http://127.0.0.1:9/'), installed(plain, { 'lib/fast.so': amd64 }));
    expect(carried.plan.refusals[0]?.why).toContain('is for all platforms');
  });
});

describe('undetermined is a gem', () => {
  test('where no server is known', async () => {
    const { plan } = await planWith(origin(), installed(old));
    expect(plan.refusals).toMatchObject([
      { path: folder, undetermined: true, why: expect.stringContaining('no gem server is named') },
    ]);
  });

  test('where one does not answer, is slow, or leads elsewhere', async () => {
    const elsewhere = await serveGems([old, now]);
    const redirecting = await serve({}, (request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}${request.url?.slice(1)}` }).end();
      return true;
    });
    const silent = await serve({}, () => true);
    for (const url of ['http://127.0.0.1:9/', redirecting.url, silent.url]) {
      const { plan } = await planWith(origin(url, { limits: { time: 300 } }), installed(old));
      expect(plan.refusals).toMatchObject([{ undetermined: true }]);
    }
    expect(elsewhere.asked).toEqual([]);
  });
});

describe('a Gemfile.lock', () => {
  const lock = (more = '') =>
    `GEM\n  remote: https://gems.example/\n  specs:\n    fast (1.2.0-x86_64-linux)\n      racc (~> 1.4)\n    racc (1.7.0)\n${more}\nPLATFORMS\n  x86_64-linux\n\nDEPENDENCIES\n  fast\n\nCHECKSUMS\n  fast (1.2.0-x86_64-linux) sha256=${'0'.repeat(64)}\n  racc (1.7.0) sha256=${'1'.repeat(64)}\n\nBUNDLED WITH\n   2.5.0\n`;

  test('that names the gem names the new one, with its sum, for the new platform', async () => {
    const server = await serveGems([old, now]);
    const { plan } = await planWith(origin(server), [...installed(old), file('app/Gemfile.lock', lock())]);
    const text = (await newBytes(plan, 'app/Gemfile.lock')).toString();
    const expected = lock()
      .replaceAll('x86_64-linux', 'aarch64-linux')
      .replace('0'.repeat(64), sum('sha256', now.bytes));
    expect(text).toBe(expected);
  });

  test('names no platform twice', async () => {
    const server = await serveGems([old, now]);
    const both = lock().replace('  x86_64-linux\n\n', '  aarch64-linux\n  x86_64-linux\n\n');
    const { plan } = await planWith(origin(server), [...installed(old), file('app/Gemfile.lock', both)]);
    const text = (await newBytes(plan, 'app/Gemfile.lock')).toString();
    expect(text).toContain('PLATFORMS\n  aarch64-linux\n  x86_64-linux\n\n');
    expect(text).toContain('    fast (1.2.0-aarch64-linux)\n');
  });

  test('is kept where it names both, and a note says where others are left, or a platform is missing', async () => {
    const server = await serveGems([old, now]);
    const both = lock('    fast (1.2.0-aarch64-linux)\n').replace(
      '  x86_64-linux\n\n',
      '  x86_64-linux\n  aarch64-linux\n\n',
    );
    const kept = await planWith(origin(server), [...installed(old), file('app/Gemfile.lock', both)]);
    expect(kept.plan.paths.has('app/Gemfile.lock')).toBe(false);
    expect(kept.plan.notes).toEqual([]);
    const more = lock('    slow (2.0-x86_64-linux)\n');
    const left = await planWith(origin(server), [...installed(old), file('app/Gemfile.lock', more)]);
    expect(left.plan.notes).toMatchObject([expect.stringContaining('still names slow 2.0')]);
    const pure = 'GEM\n  specs:\n    racc (1.7.0)\n\nPLATFORMS\n  x86_64-linux\n';
    const noted = await planWith(origin(server), [file('app/Gemfile.lock', pure)]);
    expect(noted.plan.notes).toMatchObject([expect.stringContaining('Bundler may refuse to start')]);
    expect(noted.plan.paths.size).toBe(0);
  });
});

test("RubyGems' own configuration says where gems are, and the image's lock file where it has none", async () => {
  const server = await serveGems([old, now]);
  const home = temporary();
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, '.gemrc'),
    `---\n:verbose: true\n:sources:\n- ${server.url.replace('http://', 'http://reader:s3cret@')}\n`,
  );
  const { plan } = await planWith(origin(undefined, { environment: { HOME: home } }), installed(old));
  expect(plan.refusals).toEqual([]);
  expect(JSON.stringify(plan)).not.toContain('s3cret');
  const lock = file('app/Gemfile.lock', 'GEM\n  remote: https://127.0.0.1:9/gems\n  specs:\n');
  const named = await planWith(origin(), [...installed(old), lock]);
  expect(named.plan.refusals).toMatchObject([
    { undetermined: true, why: expect.stringContaining('https://127.0.0.1:9/gems/info/fast') },
  ]);
});

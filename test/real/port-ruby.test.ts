// Gems that RubyGems built and installed for amd64 become what it would have installed for arm64; and one of a public server
// does, where this machine reaches one.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { executable, file, type Machine, writeElf } from '../../src/fixture/index.ts';
import { fates, newBytes, planWith, serve, sum } from '../../src/port/counterparts/java/java.test-support.ts';
import { rubyOrigin } from '../../src/port/counterparts/ruby/ruby-origin.ts';
import type { OriginPlan } from '../../src/port/index.ts';
import type { TarMember } from '../../src/tar/index.ts';
import { exec, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const home = join(folder.path, 'gems');
const gem = ['nokogiri', '1.15.6'] as const;
const options = [
  '--platform',
  'x86_64-linux',
  '--ignore-dependencies',
  '--no-document',
  '--install-dir',
  home,
];

/** Not every machine reaches a gem server, in CI neither: then this is skipped. */
async function canInstall(): Promise<boolean> {
  if (process.arch !== 'x64') return false;
  mkdirSync(home, { recursive: true });
  return exec('gem', 'install', gem[0], '--version', gem[1], ...options).then(
    () => existsSync(join(home, 'specifications')),
    () => false,
  );
}

async function hasGems(): Promise<boolean> {
  if (await hasPrograms('gem', 'ruby')) return true;
  if (process.env['CI']) throw new Error('needs RubyGems');
  return false;
}

const hasRuby = await hasGems();
const here = hasRuby && (await canInstall());

function membersIn(path: string, top = path): TarMember[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return membersIn(inner, top);
    const make = (statSync(inner).mode & 0o111) === 0 ? file : executable;
    return [make(`usr/local/bundle/${relative(top, inner)}`, readFileSync(inner))];
  });
}

describe.skipIf(!here)('a gem of a public server', () => {
  test('becomes the one for arm64, under its name', async () => {
    const { plan } = await planWith(rubyOrigin(), membersIn(home), { cache: join(folder.path, 'cache') });
    expect(plan.refusals).toEqual([]);
    expect(plan.materials).toMatchObject([{ name: gem[0], version: gem[1], architecture: 'aarch64-linux' }]);
    const [specification = ''] = Object.keys(fates(plan)).filter((path) => path.endsWith('.gemspec'));
    const text = (await newBytes(plan, specification)).toString();
    expect(text).toContain(`# stub: ${gem[0]} ${gem[1]} aarch64-linux `);
  });
});

const source = `Gem::Specification.new do |s|
  s.name = "fast"; s.version = "1.2.0"; s.summary = "x"; s.authors = ["Ann"]; s.license = "MIT"; s.date = "2024-01-02"
  s.platform = ENV["PLATFORM"]
  s.files = Dir["lib/**/*"] + Dir["exe/*"]
  s.bindir = "exe"; s.executables = ["fast"]
  s.required_ruby_version = ">= 2.7"
  s.add_runtime_dependency "racc", "~> 1.4"
end
`;

/** Builds a gem with RubyGems itself, and installs it. */
async function built(
  machine: Machine,
  platform: string,
): Promise<{ readonly gem: Buffer; readonly home: string }> {
  const place = join(folder.path, platform);
  mkdirSync(join(place, 'lib', 'fast'), { recursive: true });
  mkdirSync(join(place, 'exe'));
  writeFileSync(join(place, 'fast.gemspec'), source);
  writeFileSync(join(place, 'lib', 'fast.rb'), 'module Fast; end\n');
  writeFileSync(join(place, 'lib', 'fast', 'fast.so'), writeElf({ machine, soname: 'fast.so' }), {
    mode: 0o755,
  });
  writeFileSync(join(place, 'exe', 'fast'), '#!/usr/bin/env ruby\nputs 1\n', { mode: 0o755 });
  const build = `cd '${place}' && PLATFORM=${platform} gem build fast.gemspec --output ../${platform}.gem`;
  await exec('sh', '-c', build);
  const installed = join(place, 'home');
  const how = ['--local', '--force', '--ignore-dependencies', '--no-document', '--platform', platform];
  const gemFile = join(folder.path, `${platform}.gem`);
  await exec('gem', 'install', ...how, '--install-dir', installed, gemFile);
  return { gem: readFileSync(gemFile), home: installed };
}

/** By path, what an image has after a plan. */
async function after(members: readonly TarMember[], plan: OriginPlan): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { name, body } of members) {
    const path = String(name);
    const one = plan.paths.get(path);
    if (one?.action === 'drop') continue;
    const bytes = one?.action === 'replace' ? await newBytes(plan, path) : Buffer.from(body as Uint8Array);
    files.set((one !== undefined && 'to' in one && one.to) || path, bytes.toString('base64'));
  }
  for (const { path, kind } of plan.added)
    if (kind === 'file') files.set(path, (await newBytes(plan, path)).toString('base64'));
  return files;
}

describe.skipIf(!hasRuby)('a gem that RubyGems built and installed', () => {
  test('becomes, file for file, what RubyGems installs on arm64', async () => {
    const [old, now] = [await built('amd64', 'x86_64-linux'), await built('arm64', 'aarch64-linux')];
    const lines = [old, now].map(({ gem: bytes }, index) => {
      const platform = index === 0 ? 'x86_64-linux' : 'aarch64-linux';
      return `1.2.0-${platform} racc:~> 1.4|checksum:${sum('sha256', bytes)},ruby:>= 2.7`;
    });
    const server = await serve({
      'info/fast': `---\n${lines.join('\n')}\n`,
      'gems/fast-1.2.0-x86_64-linux.gem': old.gem,
      'gems/fast-1.2.0-aarch64-linux.gem': now.gem,
    });
    const members = membersIn(old.home);
    const { plan } = await planWith(rubyOrigin({ sources: [server.url] }), members);
    expect(plan.refusals).toEqual([]);
    const [made, expected] = [
      await after(members, plan),
      await after(membersIn(now.home), { ...plan, paths: new Map(), added: [] }),
    ];
    expect(Object.fromEntries(made)).toEqual(Object.fromEntries(expected));
    expect([...made.keys()].join(' ')).toContain('gems/fast-1.2.0-aarch64-linux/lib/fast/fast.so');
  });
});

import { gzipSync } from 'node:zlib';
import { file } from '../../../fixture/index.ts';
import { type TarMember, writeTar } from '../../../tar/index.ts';
import { type RunningServer, serve, sum } from '../java/java.test-support.ts';

export const root = 'usr/local/bundle';

export interface MadeGem {
  readonly name: string;
  readonly version: string;
  readonly platform: string;
  readonly fullName: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly bytes: Buffer;
}

async function tarOf(members: readonly TarMember[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

export interface GemSpec {
  readonly platform: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly version?: string;
  /** More of what the tar of its files has. */
  readonly more?: readonly TarMember[];
  readonly dependency?: string;
  readonly metadata?: string;
}

/** A gem as `gem build` makes it. */
export async function makeGem({
  platform,
  files,
  version = '1.2.0',
  more = [],
  ...spec
}: GemSpec): Promise<MadeGem> {
  const { dependency = 'racc' } = spec;
  const metadata =
    spec.metadata ??
    `--- !ruby/object:Gem::Specification\nname: fast\nversion: !ruby/object:Gem::Version\n  version: ${version}\nplatform: ${platform}\nauthors:\n- Ann\ndate: 2024-01-0${platform.length % 9} 00:00:00.000000000 Z\ndependencies:\n- !ruby/object:Gem::Dependency\n  name: ${dependency}\nfiles:\n${Object.keys(
      files,
    )
      .map((path) => `- ${path}\n`)
      .join('')}require_paths:\n- lib\nrubygems_version: 3.${platform.length}.1\n`;
  const data = await tarOf([...Object.entries(files).map(([path, content]) => file(path, content)), ...more]);
  const bytes = await tarOf([
    file('metadata.gz', gzipSync(metadata)),
    file('data.tar.gz', gzipSync(data)),
    file('checksums.yaml.gz', gzipSync('---\n')),
  ]);
  const fullName = platform === 'ruby' ? `fast-${version}` : `fast-${version}-${platform}`;
  return { name: 'fast', version, platform, fullName, files, bytes };
}

/** What RubyGems leaves of it in an image. */
export function installed(
  gem: MadeGem,
  changes: Readonly<Record<string, string | Uint8Array | null>> = {},
): readonly TarMember[] {
  const { name, version, platform, fullName } = gem;
  const files = Object.entries({ ...gem.files, ...changes }).flatMap(([path, content]) =>
    content === null ? [] : [file(`${root}/gems/${fullName}/${path}`, content)],
  );
  const platformLine = platform === 'ruby' ? '' : `  s.platform = "${platform}".freeze\n`;
  const specification = `# -*- encoding: utf-8 -*-\n# stub: ${name} ${version} ${platform} lib\n\nGem::Specification.new do |s|\n  s.name = "${name}".freeze\n  s.version = "${version}"\n${platformLine}\n  s.require_paths = ["lib".freeze]\nend\n`;
  return [
    ...files,
    file(`${root}/specifications/${fullName}.gemspec`, specification),
    file(`${root}/cache/${fullName}.gem`, gem.bytes),
  ];
}

/** A gem server with a compact index on loopback. */
export function serveGems(
  gems: readonly MadeGem[],
  more: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<RunningServer> {
  const lines = gems.map(({ version, platform, bytes }) => {
    const word = platform === 'ruby' ? version : `${version}-${platform}`;
    return `${word} racc:~> 1.4|checksum:${sum('sha256', bytes)},ruby:>= 2.7,rubygems:>= 3.3`;
  });
  const files = Object.fromEntries(gems.map(({ fullName, bytes }) => [`gems/${fullName}.gem`, bytes]));
  return serve({ 'info/fast': `---\n${lines.join('\n')}\n`, ...files, ...more });
}

import type { Manifest } from '../manifest.ts';
import type { NodePlatform } from '../platform.ts';

/** Where an installer would download a package's binary for a platform from. */
export interface Asset {
  readonly installer: 'prebuild-install' | 'node-pre-gyp';
  /** Absent where the package doesn't say, or not as an https address. */
  readonly url?: string;
  /** The file in the archive; absent where nothing tells. */
  readonly member?: string;
}

export interface AssetParts {
  readonly platform: NodePlatform;
  /** Node's `process.versions.modules`; `{abi}` stands in its place where it isn't known. */
  readonly abi: string | undefined;
  /** The file in the package's folder. */
  readonly file: string;
}

/**
 * The archive that a package's installer would take on the target: prebuild-install's rules (its util.js), or those of
 * node-pre-gyp (its lib/util/versioning.js). `undefined` where the package has no such installer.
 */
export function assetOf(manifest: Manifest, parts: AssetParts): Asset | undefined {
  const { dependencies = {}, scripts = {}, binary } = manifest;
  const installing = ['preinstall', 'install', 'postinstall'].map((name) => scripts[name] ?? '').join(' ');
  const uses = (name: string): boolean =>
    name in dependencies || installing.includes(name.replace(/^@.*\//, ''));
  if (uses('prebuild-install')) return prebuildInstall(manifest, parts);
  const isPreGyp = binary?.module_name !== undefined && binary.module_path !== undefined;
  if (isPreGyp || uses('@mapbox/node-pre-gyp') || uses('node-pre-gyp')) return nodePreGyp(manifest, parts);
  return undefined;
}

const unknownAbi = '{abi}';

function prebuildInstall(manifest: Manifest, { platform, abi, file }: AssetParts): Asset {
  const installing = manifest.scripts?.['install'] ?? '';
  const { runtime, target } = manifest.config ?? {};
  const isNapi = runtime === 'napi' || /(?:-r|--runtime)[ =]napi\b/.test(installing);
  const napi = manifest.binary?.napi_versions ?? [];
  const napiVersion = target ?? (napi.length === 0 ? unknownAbi : Math.max(...napi));
  const values = {
    ...versionValues(manifest),
    runtime: isNapi ? 'napi' : 'node',
    abi: isNapi ? String(napiVersion) : (abi ?? unknownAbi),
    node_abi: abi ?? unknownAbi,
    platform: platform.os,
    arch: platform.cpu,
    libc: platform.libc === 'musl' ? 'musl' : '',
    configuration: 'Release',
    tag_prefix: /--tag-prefix[ =](\S+)/.exec(installing)?.[1] ?? 'v',
  };
  const name = '{name}-v{version}-{runtime}-v{abi}-{platform}{libc}-{arch}.tar.gz';
  const { host, remote_path: path, package_name: own } = manifest.binary ?? {};
  const release = releasesOf(manifest.repository);
  const template =
    host === undefined
      ? release && `${release}/releases/download/{tag_prefix}{version}/${name}`
      : [host, path ?? '', own ?? name]
          .map((part) => part.replace(/^\.?\/|\/$/g, ''))
          .filter(Boolean)
          .join('/');
  return { installer: 'prebuild-install', ...addressed(template, values), member: file };
}

function nodePreGyp(manifest: Manifest, { platform, abi, file }: AssetParts): Asset {
  const {
    module_name: module,
    host,
    remote_path: path = '',
    package_name: own,
    napi_versions: napi,
  } = manifest.binary ?? {};
  const nodeAbi = `node-v${abi ?? unknownAbi}`;
  const build = napi === undefined || napi.length === 0 ? '' : String(Math.max(...napi));
  const values = {
    ...versionValues(manifest),
    module_name: module ?? '',
    node_abi: nodeAbi,
    napi_build_version: build,
    node_napi_label: build === '' ? nodeAbi : `napi-v${build}`,
    platform: platform.os,
    target_platform: platform.os,
    arch: platform.cpu,
    target_arch: platform.cpu,
    libc: platform.libc ?? 'glibc',
    configuration: 'Release',
    runtime: 'node',
    toolset: '',
  };
  const name = own ?? '{module_name}-v{version}-{node_abi}-{platform}-{arch}.tar.gz';
  const template =
    host === undefined
      ? undefined
      : [host.replace(/\/$/, ''), path.replace(/^\.?\/|\/$/g, ''), name].filter(Boolean).join('/');
  // The archive holds the folder that the module is in.
  const member = file.split('/').slice(-2).join('/');
  return { installer: 'node-pre-gyp', ...addressed(template, values), member };
}

function versionValues({ name, version }: Manifest): Readonly<Record<string, string>> {
  const [major = '', minor = '', patch = ''] = version.split('.');
  const own = name.replace(/^@[^/]*\//, '');
  return { name: own, package_name: own, version, major, minor, patch };
}

function addressed(
  template: string | undefined,
  values: Readonly<Record<string, string>>,
): Pick<Asset, 'url'> | Record<never, never> {
  const text = template?.replace(/\{([a-z_]{1,30})\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  );
  if (text === undefined || text.length > 2000 || !/^https:\/\/[^/]/.test(text) || !URL.canParse(text))
    return {};
  // Placeholders that are left are for people.
  return { url: new URL(text).href.replaceAll('%7B', '{').replaceAll('%7D', '}') };
}

/** The project's page, where the repository is at a host whose releases have addresses of this kind. */
function releasesOf(repository: string | undefined): string | undefined {
  const [, host, owner, name] =
    /(?:^|[/@])((?:www\.)?github\.com)[:/]([\w.-]{1,100})\/([\w.-]{1,100}?)(?:\.git)?(?:[#/].*)?$/.exec(
      repository ?? '',
    ) ?? [];
  return host === undefined ? undefined : `https://${host.replace(/^www\./, '')}/${owner}/${name}`;
}

import type { MergedView } from '../../layer/index.ts';
import type { SbomComponent } from '../../publish/index.ts';
import { parseOsRelease, readOsRelease } from '../base/os-release.ts';
import { readApkDatabase } from '../counterparts/apk/index.ts';
import { readRpmDatabase } from '../counterparts/rpm/index.ts';

/** The packages of Alpine and RPM that an image has; `folder` is for the work. */
export async function packageComponents(view: MergedView, folder: string): Promise<readonly SbomComponent[]> {
  const [apk, rpm] = [readApkDatabase(view), await readRpmDatabase(view, folder)];
  const release = releaseOf(view);
  const apks = apk.kind === 'read' ? apk.database.packages : [];
  const rpms = rpm.kind === 'read' ? rpm.database.packages : [];
  return [
    ...apks.map((one) => component('apk', one, release)),
    // Keys are no software.
    ...rpms.filter(({ name }) => name !== 'gpg-pubkey').map((one) => component('rpm', one, release)),
  ];
}

interface Release {
  readonly id?: string | undefined;
  readonly version?: string | undefined;
}

function releaseOf(view: MergedView): Release {
  const text = readOsRelease(view);
  if (typeof text !== 'string') return {};
  const { ID: id, VERSION_ID: version } = parseOsRelease(text);
  return { id, version };
}

/** purl-spec, types "apk" and "rpm". */
function component(
  kind: 'apk' | 'rpm',
  one: {
    readonly name: string;
    readonly version: string;
    readonly architecture: string;
    readonly source: { readonly name: string };
  },
  { id, version }: Release,
): SbomComponent {
  const { name, source } = one;
  const [, epoch, plain = one.version] = (kind === 'rpm' && /^(?:([0-9]+):)?(.*)$/.exec(one.version)) || [];
  const qualifiers = [
    `arch=${one.architecture === 'all' ? 'noarch' : encodeURIComponent(one.architecture)}`,
    ...(id === undefined || version === undefined
      ? []
      : [`distro=${encodeURIComponent(`${id}-${version}`)}`]),
    ...(epoch === undefined ? [] : [`epoch=${epoch}`]),
  ].join('&');
  const vendor = encodeURIComponent(id ?? (kind === 'apk' ? 'alpine' : 'rpm'));
  return {
    type: 'library',
    name,
    version: one.version,
    purl: `pkg:${kind}/${vendor}/${encodeURIComponent(name)}@${encodeURIComponent(plain)}?${qualifiers}`,
    properties: [{ name: 'armload:source-package', value: source.name }],
  };
}

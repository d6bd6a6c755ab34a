import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Built,
  type BuiltImage,
  buildImage,
  buildIndex,
  contentOf,
  type EntrySpec,
  file,
  type ImageSpec,
  platformOf,
  push,
} from '../../fixture/index.ts';
import { type Digest, mediaTypes, parseConfig, parseManifest } from '../../oci/index.ts';
import {
  createRegistryClient,
  type Location,
  type OpenedImage,
  RegistryError,
  startRegistry,
} from '../../registry/index.ts';
import type { TarMember } from '../../tar/index.ts';
import type { PortableImage } from './index.ts';

/** A registry with its client, where tests push bases. */
export interface TestRegistry {
  /** What references begin with. */
  readonly host: string;
  /** GET and HEAD requests for manifests. */
  readonly requests: string[];
  push(name: string, built: Built | Promise<Built>): Promise<Digest>;
  open(location: Location): Promise<OpenedImage>;
  close(): Promise<void>;
}

export async function openTestRegistry(): Promise<TestRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'armload-bases-'));
  const requests: string[] = [];
  const registry = await startRegistry({
    directory,
    onRequest: ({ method, path }) => {
      if (path.includes('/manifests/') && method !== 'PUT') requests.push(path);
    },
  });
  const client = createRegistryClient();
  return {
    host: registry.host,
    requests,
    push(name, built) {
      const [repository = '', tag] = name.split(':');
      const target = client.repository({ registry: registry.host, repository });
      return push(target, built, tag === undefined ? {} : { tag });
    },
    open(location) {
      if (location.transport !== 'registry' || location.reference.registry !== registry.host)
        throw new RegistryError('network', 'the host can not be reached from a test');
      const { reference } = location;
      const repository = client.repository(reference);
      return Promise.resolve({ repository, layers: repository, subject: reference });
    },
    async close() {
      await client.close();
      await registry.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A layer that is the same for equal texts. */
export function layerOf(text: string): readonly TarMember[] {
  return [file('etc/content', text)];
}

/** An image of such layers. */
export function imageOf(
  platform: string,
  layers: readonly string[],
  more: Partial<ImageSpec> = {},
): Promise<BuiltImage> {
  return buildImage({ platform: platformOf(platform), layers: layers.map(layerOf), ...more });
}

/** A base for amd64 and arm64: the layers' names, with the architecture in front for the second. */
export async function baseOf(layers: readonly string[], more: Partial<ImageSpec> = {}): Promise<Built> {
  const arm = layers.map((layer) => `arm64 ${layer}`);
  return buildIndex([await imageOf('linux/amd64', layers, more), await imageOf('linux/arm64', arm, more)]);
}

/** A material of a provenance statement. */
export interface Material {
  readonly uri: string;
  readonly digest?: Readonly<Record<string, string>>;
}

/** An attestation as BuildKit stores it, of a predicate as SLSA v0.2 or v1 has it. */
export function provenanceOf(
  image: BuiltImage,
  version: 'v0.2' | 'v1',
  materials: readonly Material[],
): EntrySpec {
  const subject = image.manifest.descriptor.digest;
  const predicateType = `https://slsa.dev/provenance/${version}`;
  const predicate =
    version === 'v1' ? { buildDefinition: { resolvedDependencies: materials } } : { materials };
  return attestationOf(subject, predicateType, Buffer.from(JSON.stringify({ predicateType, predicate })));
}

/** An attestation whose statement is any bytes. */
export function attestationOf(subject: Digest, predicateType: string, bytes: Uint8Array): EntrySpec {
  const statement = contentOf('application/vnd.in-toto+json', bytes);
  const config = contentOf(mediaTypes.ociConfig, Buffer.from('{"architecture":"unknown","os":"unknown"}'));
  const manifest = contentOf(
    mediaTypes.ociManifest,
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: config.descriptor,
        layers: [{ ...statement.descriptor, annotations: { 'in-toto.io/predicate-type': predicateType } }],
      }),
    ),
  );
  return {
    of: { manifest, blobs: [config, statement], children: [] },
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.digest': subject,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
  };
}

/** The image as the search gets it; its index is pushed first where it has one. */
export async function portable(
  registry: TestRegistry,
  image: BuiltImage,
  beside: readonly EntrySpec[] = [],
): Promise<PortableImage> {
  const built = buildIndex([image, ...beside]);
  await registry.push('team/app:1', built);
  const reference = { registry: registry.host, repository: 'team/app', tag: '1' };
  const { repository } = await registry.open({ transport: 'registry', reference });
  const manifest = parseManifest(image.manifest.bytes);
  const index = parseManifest(built.manifest.bytes);
  if (manifest.kind !== 'image' || index.kind !== 'index') throw new TypeError('the fixture is no image');
  return {
    reference: `${registry.host}/team/app:1`,
    repository,
    index,
    digest: image.manifest.descriptor.digest,
    manifest,
    platform: image.platform,
    config: parseConfig(image.config.bytes),
    configBytes: image.config.bytes,
  };
}

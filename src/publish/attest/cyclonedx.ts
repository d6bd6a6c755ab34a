import { createHash } from 'node:crypto';
import type { Component, License } from '@cyclonedx/cyclonedx-library/Models';
import { compareText } from '../../core/index.ts';
import type { AttestedImage, Sbom } from './types.ts';

export type SbomHashAlgorithm = 'MD5' | 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';

export type SbomLicense = string | { readonly expression: string };

/** One part of an image. */
export interface SbomComponent {
  readonly type: 'application' | 'data' | 'file' | 'framework' | 'library' | 'operating-system' | 'platform';
  readonly name: string;
  readonly version?: string;
  /** Package URL: `pkg:deb/debian/zlib1g@1.3.1?arch=arm64`. */
  readonly purl?: string;
  /** Hex. */
  readonly hashes?: Readonly<Partial<Record<SbomHashAlgorithm, string>>>;
  /** SPDX identifiers; other texts are taken for names of licences. An SPDX expression says that it is one. */
  readonly licenses?: readonly SbomLicense[];
  /** What CycloneDX has no field for; names with `armload:` in front. A name may come again. */
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

export interface SbomOptions {
  readonly image: AttestedImage;
  readonly components: readonly SbomComponent[];
  /** Of armload. */
  readonly toolVersion: string;
  /** When it was made; without it nothing is said of the time. */
  readonly timestamp?: Date;
}

/**
 * The parts of an image as CycloneDX 1.6, JSON. Equal input gives equal bytes, in whatever order the components come: the
 * library's own sorting depends on the machine's locale and its own names for twins are random, so neither is used.
 */
export async function cycloneDxSbom(options: SbomOptions): Promise<Sbom> {
  const library = await load();
  const { Models, Serialize, Spec } = library;
  const { image, toolVersion, timestamp } = options;
  const components = ordered(options.components);
  const tool = new Models.Component(library.Enums.ComponentType.Application, 'armload', {
    version: toolVersion,
    bomRef: `armload@${toolVersion}`,
  });
  const subject = imageComponent(library, image);
  const references = new References([tool.bomRef.value, subject.bomRef.value]);
  const parts = components.map((part) => componentOf(library, part, references.next(part)));
  const bom = new Models.Bom({
    serialNumber: serialNumber(JSON.stringify([subject.purl, components.map(keyOf), toolVersion, timestamp])),
    metadata: new Models.Metadata({
      ...(timestamp === undefined ? {} : { timestamp }),
      tools: new Models.Tools({ components: new Models.ComponentRepository([tool]) }),
      component: subject,
    }),
    components: new Models.ComponentRepository(parts),
  });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const text = serializer.serialize(bom, { sortLists: false });
  return { artifactType: 'application/vnd.cyclonedx+json', bytes: new TextEncoder().encode(text) };
}

type Library = Awaited<ReturnType<typeof load>>;

/** Its parts, and when they're needed: its index also loads validators, and XML writers where somebody installed some. */
async function load() {
  // By their default exports: once bundled, modules of the older kind have no others.
  const [models, enums, serialize, spec, spdx] = await Promise.all([
    import('@cyclonedx/cyclonedx-library/Models'),
    import('@cyclonedx/cyclonedx-library/Enums'),
    import('@cyclonedx/cyclonedx-library/Serialize'),
    import('@cyclonedx/cyclonedx-library/Spec'),
    import('@cyclonedx/cyclonedx-library/SPDX'),
  ]);
  return {
    Models: models.default,
    Enums: enums.default,
    Serialize: serialize.default,
    Spec: spec.default,
    SPDX: spdx.default,
  };
}

/** By their content, twins once. */
function ordered(components: readonly SbomComponent[]): readonly SbomComponent[] {
  const byKey = new Map(components.map((component) => [keyOf(component), component]));
  return [...byKey].sort(([left], [right]) => compareText(left, right)).map(([, component]) => component);
}

function keyOf({ type, name, version, purl, hashes, licenses, properties }: SbomComponent): string {
  return JSON.stringify([
    [type, name, version ?? '', purl ?? ''],
    hashesOf(hashes),
    sortedBy(licenses ?? [], licenseKey),
    sortedBy(properties ?? [], propertyKey).map((property) => [property.name, property.value]),
  ]);
}

function hashesOf(hashes: SbomComponent['hashes']): readonly (readonly [SbomHashAlgorithm, string])[] {
  return sortedBy(Object.entries(hashes ?? {}) as [SbomHashAlgorithm, string][], ([algorithm]) => algorithm);
}

function licenseKey(license: SbomLicense): string {
  return JSON.stringify(typeof license === 'string' ? [license] : ['', license.expression]);
}

function propertyKey({ name, value }: { readonly name: string; readonly value: string }): string {
  return JSON.stringify([name, value]);
}

function sortedBy<Item>(items: readonly Item[], key: (item: Item) => string): readonly Item[] {
  return [...items].sort((left, right) => compareText(key(left), key(right)));
}

/** The same list for the same image has the same number: a UUID of its content (RFC 9562, version 8). */
function serialNumber(content: string): string {
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return `urn:uuid:${bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}

/** Named by its digest, which is the version that nobody can move (purl-spec, type "oci"). */
function imageComponent({ Models, Enums }: Library, { name, descriptor }: AttestedImage): Component {
  const { digest } = descriptor;
  const last = name.slice(name.lastIndexOf('/') + 1).toLowerCase();
  const purl = `pkg:oci/${encodeURIComponent(last)}@${encodeURIComponent(digest)}?repository_url=${encodeURI(name)}`;
  return new Models.Component(Enums.ComponentType.Container, name, { version: digest, purl, bomRef: purl });
}

/** What components are called inside the document: each name once. */
class References {
  readonly #used: Set<string | undefined>;

  constructor(used: readonly (string | undefined)[]) {
    this.#used = new Set(used);
  }

  next({ type, name, version = '', purl }: SbomComponent): string {
    const plain = purl ?? `${type}:${name}@${version}`;
    let reference = plain;
    for (let twin = 2; this.#used.has(reference); twin += 1) reference = `${plain}#${twin}`;
    this.#used.add(reference);
    return reference;
  }
}

function componentOf(library: Library, component: SbomComponent, bomRef: string): Component {
  const { Models, Enums } = library;
  const { type, name, version, purl, hashes, licenses, properties } = component;
  return new Models.Component(type as (typeof Enums.ComponentType)[keyof typeof Enums.ComponentType], name, {
    bomRef,
    ...(version === undefined ? {} : { version }),
    ...(purl === undefined ? {} : { purl }),
    hashes: new Models.HashDictionary(
      hashesOf(hashes).map(([algorithm, content]) => [Enums.HashAlgorithm[algorithm], content.toLowerCase()]),
    ),
    licenses: new Models.LicenseRepository(licensesOf(library, licenses ?? [])),
    properties: new Models.PropertyRepository(
      sortedBy(properties ?? [], propertyKey).map(
        (property) => new Models.Property(property.name, property.value),
      ),
    ),
  });
}

/** The format has either one expression, alone, or a list without any: beside others an expression becomes a name. */
function licensesOf({ Models, SPDX }: Library, licenses: readonly SbomLicense[]): readonly License[] {
  const distinct = new Map(licenses.map((license) => [licenseKey(license), license]));
  return sortedBy([...distinct.values()], licenseKey).map((license) => {
    if (typeof license !== 'string') {
      const { expression } = license;
      return distinct.size === 1
        ? new Models.LicenseExpression(expression)
        : new Models.NamedLicense(expression);
    }
    const id = SPDX.fixupSpdxId(license);
    return SPDX.isSupportedSpdxId(id) ? new Models.SpdxLicense(id) : new Models.NamedLicense(license);
  });
}

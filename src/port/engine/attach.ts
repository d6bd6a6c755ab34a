import { basename } from 'node:path';
import { redact } from '../../core/index.ts';
import { type Digest, formatPlatform, parseReference, repositoryName } from '../../oci/index.ts';
import {
  attachments,
  cycloneDxSbom,
  type Predicate,
  type Resource,
  slsaProvenance,
} from '../../publish/index.ts';
import { formatLocation, type Location } from '../../registry/index.ts';
import type { NamedReplacement, PortOptions } from '../options.ts';
import { packageComponents, sbomComponents } from '../sbom/index.ts';
import { explainedAccount } from './account-text.ts';
import type { NewImage } from './new-image.ts';
import type { Attached, Ported } from './types.ts';
import type { Workshop } from './workshop.ts';

/** What the provenance's parameters mean is in docs/ports.md. */
const buildType = 'https://armload.dev/port/v1';
const accountType = 'https://armload.dev/account/v1';
const builderId = 'https://armload.dev/cli';

/**
 * What is said of the new image: how it was made, what became of every path, and what it holds.
 * @throws UsageError or SigningError where it can't be signed; the signal's reason.
 */
export async function attach(workshop: Workshop, ported: Ported): Promise<Attached> {
  const { options, destination, reference } = workshop;
  const { image, view } = ported.made;
  if (options.attach === false || image === undefined || view === undefined) return { attachments: [] };
  if (options.dryRun === true) return { attachments: [] };
  options.onEvent?.({ type: 'phase', phase: 'attaching provenance, account and SBOM' });
  const { bytes, digest, mediaType } = image.manifest;
  const subject = {
    descriptor: { digest, mediaType, size: bytes.length },
    name: destination === undefined ? reference : nameOf(destination),
  };
  const components = [
    ...sbomComponents(view, { materials: ported.plans.materials }),
    ...(await packageComponents(view, workshop.folder)),
  ];
  const made = await attachments(subject, {
    statements: [provenanceOf(workshop, ported), accountOf(workshop, ported)],
    sbom: await cycloneDxSbom({ image: subject, components, toolVersion: options.version ?? 'unknown' }),
    ...(options.sign === undefined ? {} : { sign: options.sign }),
    environment: options.environment ?? process.env,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { attachments: made };
}

function nameOf(location: Location): string {
  return location.transport === 'registry' ? repositoryName(location.reference) : formatLocation(location);
}

function provenanceOf({ options, reference, from, target }: Workshop, ported: Ported): Predicate {
  return slsaProvenance({
    buildType,
    externalParameters: {
      reference,
      from: formatPlatform(from),
      platform: formatPlatform(target),
      ...parametersOf(options),
    },
    resolvedDependencies: [...imagesOf(reference, ported), ...materialsOf(ported)],
    builder: {
      id: builderId,
      ...(options.version === undefined ? {} : { version: { armload: options.version } }),
    },
    byproducts: layersOf(ported.made.image),
  });
}

/** What a person asked for; addresses without passwords, files without their folders. */
function parametersOf(options: PortOptions): Readonly<Record<string, unknown>> {
  const { bases, noBase, allowBaseDifferences, replacements, waivers } = options;
  const { debian, apk, rpm, go, node, python, java, dotnet, ruby } = options;
  const asked: Readonly<Record<string, unknown>> = {
    bases,
    noBase,
    allowBaseDifferences,
    replacements: replacements?.map(replacementOf),
    waivers,
    allowUpgrade: debian?.allowUpgrade ?? apk?.allowUpgrade ?? rpm?.allowUpgrade,
    allowUnsigned: debian?.allowUnsigned ?? apk?.allowUnsigned ?? rpm?.allowUnsigned,
    rpmRepositories: rpm?.repositories?.map((url) => redact(url)),
    snapshot: debian?.snapshot === undefined ? undefined : redact(debian.snapshot),
    goLinkFlags:
      go?.linkFlags &&
      Object.fromEntries(Object.entries(go.linkFlags).map(([path, linked]) => [path, redact(linked)])),
    nodeRegistry: node?.registry === undefined ? undefined : redact(node.registry),
    nodeScopes:
      node?.scopes &&
      Object.fromEntries(Object.entries(node.scopes).map(([scope, url]) => [scope, redact(url)])),
    pythonIndexes: python?.indexes?.map((index) => redact(index)),
    javaAllowUpgrade: java?.allowUpgrade,
    javaRepositories: java?.repositories?.map((url) => redact(url)),
    dotnetSources: dotnet?.sources?.map((url) => redact(url)),
    rubySources: ruby?.sources?.map((url) => redact(url)),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

function replacementOf({ path, from, sha256 }: NamedReplacement): Readonly<Record<string, string>> {
  const isAddress = /^https?:\/\//i.test(from);
  return {
    path,
    from: isAddress ? redact(from) : `file:${fileName(from)}`,
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/** A member of an archive stands behind `!`. */
function fileName(from: string): string {
  const [file = '', ...member] = from.split('!/');
  return [basename(file), ...member].join('!/');
}

function imagesOf(reference: string, { source, base }: Ported): readonly Resource[] {
  const image: Resource = {
    name: 'source',
    uri: reference,
    digest: digestOf(source.image.digest),
    mediaType: source.image.manifest.mediaType,
  };
  const { found } = base;
  if (found === undefined) return [image];
  return [
    image,
    {
      name: 'old base',
      uri: withoutDigest(found.reference),
      digest: digestOf(found.source.descriptor.digest),
    },
    {
      name: 'new base',
      uri: withoutDigest(found.reference),
      digest: digestOf(found.target.descriptor.digest),
    },
  ];
}

function withoutDigest(reference: string): string {
  return repositoryName(parseReference(reference));
}

function digestOf(digest: Digest): Readonly<Record<string, string>> {
  const [algorithm = '', hex = ''] = digest.split(':');
  return { [algorithm]: hex };
}

function materialsOf({ plans }: Ported): readonly Resource[] {
  return plans.materials.map(
    ({ name, version, architecture, uri, sha256, size, purl, signers, notes, origin }) => {
      const facts = Object.entries({ origin, version, architecture, size, purl, signers, notes });
      const said = facts.filter(
        ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
      );
      return { name, uri, digest: { sha256 }, annotations: Object.fromEntries(said) };
    },
  );
}

/** The content of each layer, whatever it is compressed with. */
function layersOf(image: NewImage | undefined): readonly Resource[] {
  return (image?.layers ?? []).map(({ descriptor, diffId }, index) => ({
    name: `layer ${index}`,
    digest: digestOf(diffId ?? descriptor.digest),
    annotations: { blob: descriptor.digest },
  }));
}

function accountOf(workshop: Workshop, ported: Ported): Predicate {
  const { records } = explainedAccount(workshop, ported);
  return {
    kind: 'account',
    type: accountType,
    predicate: {
      source: ported.source.image.digest,
      baseLayers: ported.base.layers,
      totals: ported.made.totals,
      waivers: workshop.waivers.results().filter(({ used }) => used),
      records,
    },
  };
}

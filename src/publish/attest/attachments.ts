import { referrer } from './referrer.ts';
import { openSigner } from './signer.ts';
import {
  imageSignatureStatement,
  inTotoStatement,
  inTotoType,
  type Statement,
  statementBytes,
} from './statement.ts';
import type {
  Attachment,
  AttestedImage,
  Environment,
  Predicate,
  Sbom,
  Signer,
  SignSettings,
} from './types.ts';

export interface AttachmentOptions {
  readonly statements: readonly Predicate[];
  readonly sbom?: Sbom;
  readonly sign?: SignSettings;
  /** Where a keyless signer looks for its identity. */
  readonly environment: Environment;
  /** When it was signed, noted on signed attachments; without it nothing is said of the time. */
  readonly created?: Date;
  readonly signal?: AbortSignal;
}

/** The version of sigstore's bundle that both cosign 2.4+ and policy controllers read. */
const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
/** What a signed SBOM is called as a predicate (in-toto, spec/predicates/cyclonedx.md). */
const cycloneDxPredicate = 'https://cyclonedx.org/bom';

/**
 * All that is attached to an image: each statement, the SBOM, and where it is signed, the image's own signature and the
 * SBOM's. A statement is unsigned, or it is inside a sigstore bundle (cosign, specs/BUNDLE_SPEC.md); never both. Nothing
 * is pushed here.
 * @throws UsageError `CONFIG` where the key or the identity is not usable, before anything is signed; SigningError; the
 * signal's reason.
 */
export async function attachments(
  image: AttestedImage,
  options: AttachmentOptions,
): Promise<readonly Attachment[]> {
  const { statements, sbom, sign, environment, signal } = options;
  signal?.throwIfAborted();
  const plainSbom = sbom === undefined ? [] : [sbomReferrer(image, sbom)];
  if (sign === undefined) return [...statements.map((said) => unsigned(image, said)), ...plainSbom];
  const signer = await openSigner(sign, environment);
  const signed: Attachment[] = [];
  for (const { kind, statement } of toBeSigned(image, statements, sbom))
    signed.push(await signedReferrer(image, { kind, statement, signer, options }));
  return [...signed, ...plainSbom];
}

interface Named {
  readonly kind: string;
  readonly statement: Statement;
}

function toBeSigned(image: AttestedImage, statements: readonly Predicate[], sbom?: Sbom): readonly Named[] {
  const predicates = sbom === undefined ? statements : [...statements, sbomPredicate(sbom)];
  return [
    ...predicates.map((said) => ({ kind: said.kind, statement: inTotoStatement(image, said) })),
    { kind: 'signature', statement: imageSignatureStatement(image) },
  ];
}

function unsigned(image: AttestedImage, said: Predicate): Attachment {
  // BuildKit names the predicate at the layer; at the manifest it also shows in the list of referrers.
  const annotations = { 'in-toto.io/predicate-type': said.type };
  return referrer(image, {
    kind: said.kind,
    signed: false,
    artifactType: inTotoType,
    bytes: statementBytes(inTotoStatement(image, said)),
    annotations,
    layerAnnotations: annotations,
  });
}

function sbomReferrer(image: AttestedImage, { artifactType, bytes }: Sbom): Attachment {
  return referrer(image, { kind: 'sbom', signed: false, artifactType, bytes });
}

function sbomPredicate({ bytes }: Sbom): Predicate {
  const predicate: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return { kind: 'sbom', type: cycloneDxPredicate, predicate };
}

async function signedReferrer(
  image: AttestedImage,
  { kind, statement, signer, options }: Named & { signer: Signer; options: AttachmentOptions },
): Promise<Attachment> {
  const { created, signal } = options;
  return referrer(image, {
    kind,
    signed: true,
    artifactType: bundleType,
    bytes: await signer.sign(statementBytes(statement), signal),
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': statement.predicateType,
      ...(created === undefined ? {} : { 'org.opencontainers.image.created': created.toISOString() }),
    },
  });
}

import type { Predicate } from './types.ts';

/** Something that a build took in or gave out (in-toto, spec/v1/resource_descriptor.md): `uri` or `digest` says which. */
export interface Resource {
  readonly uri?: string;
  /** Hex by the algorithm's name: `sha256`, `gitCommit`. */
  readonly digest?: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly downloadLocation?: string;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

export interface Provenance {
  /** Address of the document that says how such a build runs and what its parameters mean. */
  readonly buildType: string;
  /** What the person asked for. */
  readonly externalParameters: Readonly<Record<string, unknown>>;
  /** What the builder chose. */
  readonly internalParameters?: Readonly<Record<string, unknown>>;
  readonly resolvedDependencies?: readonly Resource[];
  /** Who vouches for it; `version` by component: `{ armload: '1.2.3' }`. */
  readonly builder: { readonly id: string; readonly version?: Readonly<Record<string, string>> };
  /** Times as in RFC 3339, UTC. Nothing is said of what isn't given. */
  readonly metadata?: {
    readonly invocationId?: string;
    readonly startedOn?: string;
    readonly finishedOn?: string;
  };
  readonly byproducts?: readonly Resource[];
}

/** How an image was made, as SLSA provenance v1 (slsa.dev/spec/v1.0/provenance). */
export function slsaProvenance(provenance: Provenance): Predicate {
  const { buildType, externalParameters, internalParameters, resolvedDependencies } = provenance;
  const { builder, metadata, byproducts } = provenance;
  const { invocationId, startedOn, finishedOn } = metadata ?? {};
  return {
    kind: 'provenance',
    type: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters,
        ...given({ internalParameters, resolvedDependencies: resolvedDependencies?.map(resource) }),
      },
      runDetails: {
        builder: { id: builder.id, ...given({ version: builder.version }) },
        ...(metadata === undefined ? {} : { metadata: given({ invocationId, startedOn, finishedOn }) }),
        ...given({ byproducts: byproducts?.map(resource) }),
      },
    },
  };
}

function resource({ name, uri, digest, downloadLocation, mediaType, annotations }: Resource): object {
  return given({ name, uri, digest, downloadLocation, mediaType, annotations });
}

/** Without what is not known: an absent field says that better than an empty one. */
function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

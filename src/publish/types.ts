import type { EventSink } from '../core/index.ts';
import type { Digest, Platform } from '../oci/index.ts';
import type { AccessOptions, Destination, OpenedImage, Repository } from '../registry/index.ts';
import type { Attachment, Environment, SignSettings } from './attest/types.ts';

/** One source, as a person names it. */
export interface NamedSource {
  /** A location of any transport. */
  readonly reference: string;
  /** Of an index, the only platform that is taken; of one image, what it is published for. */
  readonly platform?: Platform;
}

/** One source, opened. */
export interface OpenedSource extends Pick<NamedSource, 'platform'> {
  /** For messages and the result. */
  readonly name: string;
  readonly image: OpenedImage;
  /** Where a blob of an image put together from several places can be mounted from. */
  readonly homeOf?: (
    digest: Digest,
  ) => { readonly registry: string; readonly repository: string } | undefined;
}

/** One platform's image, before it is published. */
export interface ImageToInspect {
  /** The source's name with the image's digest. */
  readonly reference: string;
  readonly repository: Repository;
  readonly layers: Pick<Repository, 'name' | 'blob'>;
  readonly digest: Digest;
  /** What the index will say of it. */
  readonly platform: Platform;
}

/** May it be published? */
export interface Inspection {
  readonly ok: boolean;
  /** A sentence. */
  readonly why: string;
  /** Not ok because nobody could tell. */
  readonly undetermined?: boolean;
}

export type Inspect = (image: ImageToInspect) => Promise<Inspection>;

/** How images are published. */
export interface PublishSettings {
  /** Keep what the index that is there has for platforms that no source has. */
  readonly append?: boolean;
  /** Where two sources have an image for one platform, take the later one's; an error unless told. */
  readonly replace?: boolean;
  /** The index's own media type; OCI unless all that it lists is Docker's. */
  readonly indexType?: 'oci' | 'docker';
  /** Publish what refers to the images (signatures, SBOMs) too; yes unless told. */
  readonly referrers?: boolean;
  /** Move the tag even if it was moved since the work began. */
  readonly force?: boolean;
  /** Only find out what would be done. */
  readonly dryRun?: boolean;
  /** Sign the index and each of its images; without it nothing is signed. */
  readonly sign?: SignSettings;
  /** Sign the index alone. */
  readonly signIndexOnly?: boolean;
  /** Where a keyless signer looks for its identity; the process's unless told. */
  readonly environment?: Environment;
  /** Asked for each Linux image of a source; without it nothing is inspected, which the result says. */
  readonly inspect?: Inspect;
  readonly onEvent?: EventSink;
  readonly signal?: AbortSignal;
}

export interface PublishOptions extends AccessOptions, PublishSettings {
  /** `host/repository:tag`, `oci:DIR:TAG` or `oci-archive:FILE[:TAG]`. */
  readonly destination: string;
  readonly sources: readonly NamedSource[];
}

export interface PublishImagesOptions extends PublishSettings {
  readonly destination: Destination;
  readonly sources: readonly OpenedSource[];
  /** What was made to be attached to the images. */
  readonly attachments?: readonly Attachment[];
}

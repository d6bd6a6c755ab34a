import { ArmloadError } from '../core/index.ts';

/** Something that is not published, or not known to be published whole. */
export class PublishError extends ArmloadError<
  /** The tag points elsewhere than when the work began. */
  | 'PUBLISH_TAG_MOVED'
  /** Two sources have an image for one platform. */
  | 'PUBLISH_PLATFORM_TWICE'
  /** Neither index nor config says what an image is for. */
  | 'PUBLISH_PLATFORM_UNKNOWN'
  /** A source has no image for the platform that it was named for. */
  | 'PUBLISH_PLATFORM_MISSING'
  /** A source is an artifact, or holds no image. */
  | 'PUBLISH_NOT_AN_IMAGE'
  /** More manifests, or more bytes of them, than armload handles at once. */
  | 'PUBLISH_TOO_LARGE'
  /** A digest that manifests can't be pushed under. */
  | 'PUBLISH_UNSUPPORTED'
  /** What was pushed can't be read back as it was sent. */
  | 'PUBLISH_NOT_READ_BACK'
> {}

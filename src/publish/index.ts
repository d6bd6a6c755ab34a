export type { Attachment, AttestedImage, Predicate, SignSettings } from './attest/types.ts';
export { PublishError } from './errors.ts';
export { inspectionOf } from './inspection.ts';
export { publish } from './publish.ts';
export { publishImages } from './publish-images.ts';
export type {
  ImageToInspect,
  Inspect,
  Inspection,
  NamedSource,
  OpenedSource,
  PublishImagesOptions,
  PublishOptions,
  PublishSettings,
} from './types.ts';

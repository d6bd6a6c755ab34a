export { type AttachmentOptions, attachments } from './attest/attachments.ts';
export {
  cycloneDxSbom,
  type SbomComponent,
  type SbomHashAlgorithm,
  type SbomLicense,
  type SbomOptions,
} from './attest/cyclonedx.ts';
export { SigningError } from './attest/errors.ts';
export { checkSignSettings } from './attest/signer.ts';
export { type Provenance, type Resource, slsaProvenance } from './attest/slsa.ts';
export { inTotoStatement, type Statement } from './attest/statement.ts';
export type { Attachment, AttestedImage, Predicate, Sbom, SignSettings } from './attest/types.ts';
export { PublishError } from './errors.ts';
export { inspectionOf } from './inspection.ts';
export { parseDestination, publish } from './publish.ts';
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

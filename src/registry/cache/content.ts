/** What is kept under a digest. */
export interface Content {
  readonly bytes: Uint8Array;
  /** A manifest's media type (`isMediaType`); empty for what isn't known to be a manifest. */
  readonly mediaType: string;
}

/** True for a text that can be kept as a media type. */
export function isMediaType(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text);
}

/** Is it worth keeping beside what is kept already? Content kept as a blob may turn out to be a manifest. */
export function adds(
  content: Pick<Content, 'mediaType'>,
  kept: Pick<Content, 'mediaType'> | undefined,
): boolean {
  return kept === undefined || (kept.mediaType === '' && content.mediaType !== '');
}

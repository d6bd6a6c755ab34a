/** When a config says that its image was made, milliseconds since the epoch; `undefined` where it doesn't, or not in a date. */
export function createdAt(config: Uint8Array): number | undefined {
  const document: unknown = JSON.parse(Buffer.from(config).toString('utf8'));
  const isObject = typeof document === 'object' && document !== null && 'created' in document;
  if (!isObject || typeof document.created !== 'string') return undefined;
  const time = Date.parse(document.created);
  return Number.isFinite(time) ? time : undefined;
}

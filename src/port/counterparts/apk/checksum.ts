import type { Sum } from '../shared/replay/types.ts';

/** `Q1` and SHA-1 in base64: how apk writes the sums of files, and of what identifies a package. */
export function parseChecksum(text: string): Sum | undefined {
  if (!text.startsWith('Q1')) return undefined;
  const bytes = Buffer.from(text.slice(2), 'base64');
  return bytes.length === 20 ? { algorithm: 'sha1', hex: bytes.toString('hex') } : undefined;
}

/** @param hex SHA-1. */
export function formatChecksum(hex: string): string {
  return `Q1${Buffer.from(hex, 'hex').toString('base64')}`;
}

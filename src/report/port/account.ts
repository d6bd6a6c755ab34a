import type { PortResult } from '../../results/index.ts';
import { escapeUnseen } from '../json.ts';

/**
 * The account of a port by itself: one document with the images and the totals, or, for `lines`, one record a line
 * (JSON Lines), so that it can be read and compared in pieces.
 */
export function renderAccount(result: PortResult, { lines = false } = {}): string {
  if (lines) return result.account.map((record) => `${escapeUnseen(JSON.stringify(record))}\n`).join('');
  const { schemaVersion, platform, source, destination, image, totals, account } = result;
  const document = { schemaVersion, platform, source, destination, image: image?.digest, totals, account };
  return `${escapeUnseen(JSON.stringify(document, undefined, 2))}\n`;
}

import { parseOsRelease, readOsRelease } from '../../../base/os-release.ts';
import type { PortImage } from '../../../origin-types.ts';

/** The distribution as package URLs name it (os-release(5) `ID`); `otherwise` where it doesn't say. */
export function distributionOf({ view }: Pick<PortImage, 'view'>, otherwise: string): string {
  const text = readOsRelease(view);
  const id = typeof text === 'string' ? parseOsRelease(text)['ID'] : undefined;
  return id !== undefined && /^[a-z0-9._-]+$/.test(id) ? id : otherwise;
}

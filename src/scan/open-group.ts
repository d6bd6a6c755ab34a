import type { Inventory } from '../inventory/index.ts';
import type { ImageAccess, OpenedImage } from '../registry/index.ts';
import type { ImageGroup } from './group.ts';

/**
 * Opens what a group asks about, with the pull secrets of its workloads; `undefined` where its text can't be resolved.
 * @throws RegistryError for a layout or archive that can't be opened.
 */
export async function openGroup(
  access: ImageAccess,
  group: ImageGroup,
  secrets: Inventory['pullSecrets'],
): Promise<OpenedImage | undefined> {
  if (group.location !== undefined) return access.open(group.location);
  if (group.reference === undefined) return undefined;
  const ofWorkloads = group.pullSecrets.flatMap((key) => secrets?.get(key) ?? []);
  return access.open({ transport: 'registry', reference: group.reference }, ofWorkloads);
}

import type { ViewEntry } from '../../layer/index.ts';
import type { RunSettings } from '../../oci/index.ts';

const setUser = 0o4000;
const setGroup = 0o2000;
const groupExecute = 0o010;

/**
 * Does the kernel start the program in secure mode (AT_SECURE), where loaders don't trust the environment? So it does where
 * the program gives rights that its caller hasn't (ld.so(8), "Secure-execution mode"; capabilities(7)).
 */
export function startsSecure({ entry }: ViewEntry, { user = '0' }: RunSettings): boolean {
  const [name = '', group] = user.split(':');
  const uid = idOf(name);
  const gid = group === undefined ? uid : idOf(group);
  if ((entry.mode & setUser) !== 0 && entry.uid !== uid) return true;
  const runsAsGroup = (entry.mode & setGroup) !== 0 && (entry.mode & groupExecute) !== 0;
  if (runsAsGroup && entry.gid !== gid) return true;
  return entry.xattrs?.['security.capability'] !== undefined && uid !== 0;
}

/** `undefined` for a name that the image's passwd file would tell. */
function idOf(name: string): number | undefined {
  if (name === 'root' || name === '') return 0;
  return /^\d+$/.test(name) ? Number(name) : undefined;
}

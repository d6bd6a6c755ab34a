import type { RunSettings } from '../oci/index.ts';

/** Where programs are looked for in images that set no PATH (containerd and moby set it so). */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The PATH that a container starts with, as written. */
export function searchPath({ environment }: RunSettings): string {
  return environment.get('PATH') ?? defaultPath;
}

import { posix } from 'node:path';
import type { Subject } from '../types.ts';

/** What engines mount into every container (runtime-spec config-linux.md, "Default Filesystems"). */
const always = ['/proc', '/dev', '/sys'];

/** Parts of a path that are compared. */
const deepest = 100;

export interface Mounts {
  /** Says what may bring a file to the path at run time; `undefined` where nothing the image knows of does. */
  over(path: string): string | undefined;
}

/** The places where a container may have other files than its image. */
export function mountsOf({ run }: Subject): Mounts {
  const volumes = run.volumes.map((path) => posix.normalize(`/${path}`).replace(/(?<=.)\/$/, ''));
  const places = new Set([...volumes, ...always]);
  return {
    over(path) {
      const parts = posix.normalize(`/${path}`).split('/');
      for (let length = 1; length <= Math.min(parts.length, deepest); length++) {
        const place = parts.slice(0, length).join('/') || '/';
        if (places.has(place)) return place;
      }
      return undefined;
    },
  };
}

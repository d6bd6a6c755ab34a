import type { Means } from '../types.ts';
import { checkNamespaces, openNamespaces } from './namespace.ts';

/** The machine itself, where it is one of the image's platform. */
export const native: Means = {
  name: 'native',
  async check({ platform, hostArchitecture, environment }) {
    if (platform.architecture !== hostArchitecture)
      return { ok: false, why: `this machine is ${hostArchitecture}, not ${platform.architecture}` };
    return checkNamespaces(environment) ?? { ok: true, emulated: false };
  },
  open: (site, root) => openNamespaces(site, root),
};

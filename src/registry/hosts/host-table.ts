import { resolve } from 'node:path';
import type { HostConfig, HostConfigs } from '../http/host-config.ts';
import { readCertificates } from './certificates.ts';
import type { HostSettings, RegistriesSettings } from './settings.ts';

export interface HostTableOptions {
  /** Where relative `ca` paths start: the directory of the configuration file. */
  readonly baseDirectory?: string;
}

/**
 * Reads the settings' certificate files and gives the look-up that the client wants: an exact key first, then the longest
 * `*.domain`, which stands for every host below the domain. A key with a port is for that port, one without for hosts
 * written without.
 * @throws UsageError `CONFIG` for a certificate file that can't be used.
 */
export async function loadHosts(
  settings: RegistriesSettings,
  options: HostTableOptions = {},
): Promise<HostConfigs> {
  const exact = new Map<string, HostConfig>();
  const wildcards: (readonly [string, HostConfig])[] = [];
  for (const [key, host] of Object.entries(settings)) {
    const config = await toConfig(key, host, options);
    if (key.startsWith('*.')) wildcards.push([key.slice(1).toLowerCase(), config]);
    else exact.set(canonical(key), config);
  }
  wildcards.sort(([a], [b]) => b.length - a.length);
  return (registry) => {
    const name = canonical(registry);
    return exact.get(name) ?? wildcards.find(([suffix]) => isBelow(name, suffix))?.[1] ?? {};
  };
}

async function toConfig(key: string, host: HostSettings, options: HostTableOptions): Promise<HostConfig> {
  const { ca, ...rest } = host;
  const config: HostConfig = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  );
  if (ca === undefined) return config;
  const path = resolve(options.baseDirectory ?? '.', ca);
  return { ...config, ca: await readCertificates(path, `registries."${key}".ca`) };
}

/** `suffix` is `.domain[:port]`. */
function isBelow(name: string, suffix: string): boolean {
  return name.length > suffix.length && name.endsWith(suffix);
}

/** Docker Hub has one name in references. */
function canonical(host: string): string {
  const lower = host.toLowerCase();
  return lower === 'index.docker.io' || lower === 'registry-1.docker.io' ? 'docker.io' : lower;
}

import { NodeError } from '../errors.ts';
import type { NpmConfiguration, RegistryChoice } from './configuration.ts';

/** @throws NodeError `NODE_UNREACHABLE` where nothing names a registry for the package; the signal's reason. */
export async function knownRegistry(
  configuration: NpmConfiguration,
  name: string,
  project: string,
): Promise<RegistryChoice> {
  const choice = await configuration.registryOf(name, project);
  if (choice !== undefined) return choice;
  throw new NodeError(
    'NODE_UNREACHABLE',
    'no npm registry is known: neither settings, nor the environment, nor an .npmrc file, nor npm itself names one',
    { hint: 'Name it with --node-registry ADDRESS, or set npm_config_registry' },
  );
}

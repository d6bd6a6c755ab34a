export {
  type Environment,
  isLoopback,
  type NpmConfiguration,
  type RegistryChoice,
  readConfiguration,
} from './configuration.ts';
export { knownRegistry } from './known-registry.ts';

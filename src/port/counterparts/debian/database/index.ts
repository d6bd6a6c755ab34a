export { readDatabase } from './read-database.ts';
export type {
  Alternative,
  AlternativeChoice,
  Conffile,
  DatabaseProblem,
  DatabaseReading,
  Diversion,
  InstalledPackage,
  ListedPath,
  PackageDatabase,
  PackageState,
  StatOverride,
  Trigger,
} from './types.ts';

import type { AccessFlags } from './access-settings.ts';
import type { ResultFlags } from './base-command.ts';
import type { RunFlags } from './run-settings.ts';
import type { SignFlags } from './sign-settings.ts';

/** The options of `armload port`, as commander gives them. */
export interface PortFlags extends ResultFlags, AccessFlags, RunFlags, SignFlags {
  readonly all?: boolean;
  readonly to?: string;
  readonly from?: string;
  /** Of `--base`, which may be repeated. */
  readonly bases?: readonly string[];
  readonly noBase?: boolean;
  readonly knownBases?: string;
  readonly allowBaseDifferences?: boolean;
  readonly replace?: readonly string[];
  readonly waive?: readonly string[];
  readonly allowUpgrade?: boolean;
  readonly allowUnsigned?: boolean;
  readonly mirror?: readonly string[];
  readonly snapshot?: string;
  readonly keyring?: readonly string[];
  readonly rpmRepo?: readonly string[];
  /** False with `--no-go`. */
  readonly go?: boolean;
  readonly goLdflags?: readonly string[];
  readonly nodeRegistry?: string;
  readonly pythonIndex?: readonly string[];
  readonly dryRun?: boolean;
  readonly replaceExisting?: boolean;
  readonly only?: boolean;
  readonly force?: boolean;
  /** False with `--no-attach`. */
  readonly attach: boolean;
  readonly workFolder?: string;
  readonly account?: string;
  readonly fleet?: boolean;
  readonly jobs?: string;
  readonly mapping?: string;
  readonly include?: readonly string[];
  readonly profile?: readonly string[];
}

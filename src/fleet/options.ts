import type { PortOptions, PortSettings } from '../port/index.ts';
import type { AccessOptions } from '../registry/index.ts';
import type { ReadinessState } from '../results/index.ts';
import type { ScanOptions } from '../scan/index.ts';

/** Decisions about paths of one image are nothing for a fleet. */
export type FleetPortSettings = Omit<PortSettings, 'replacements' | 'waivers'>;

export interface FleetOptions
  extends AccessOptions,
    FleetPortSettings,
    Pick<ScanOptions, 'inputs' | 'stdin' | 'profiles'>,
    Pick<PortOptions, 'workFolder'> {
  /** `host/path` that every destination begins with; needed unless it's a dry run. */
  readonly to?: string;
  /** Which states are ported besides `missing`. */
  readonly include?: readonly Extract<ReadinessState, 'suspect'>[];
  /** Ports at a time; 2 unless told, 16 at most. */
  readonly jobs?: number;
  /** Where is kept what was published, so that a later run goes on; nothing is unless told. */
  readonly stateFolder?: string;
}

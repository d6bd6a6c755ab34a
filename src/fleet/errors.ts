import { ArmloadError } from '../core/index.ts';

/** What a fleet keeps from run to run can't be read or written. */
export class FleetError extends ArmloadError<'FLEET_STATE'> {}

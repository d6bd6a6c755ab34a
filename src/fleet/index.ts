export { portFleet } from './fleet.ts';
export type { FleetOptions } from './options.ts';
export { defaultFleetsFolder } from './state.ts';

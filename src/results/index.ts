export * from './audit.ts';
export { canonical } from './canonical.ts';
export { jsonSchemas } from './json-schemas.ts';
export { comparePlaces, type Place } from './order.ts';
export * from './port.ts';
export * from './publish.ts';
export * from './scan.ts';

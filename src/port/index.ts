export * from './account.ts';
export * from './assembly/index.ts';
export * from './base/index.ts';
export * from './config/index.ts';
export * from './counterparts/debian/index.ts';
export type * from './options.ts';
export * from './origin-types.ts';
export * from './plan-types.ts';
export { port } from './port.ts';

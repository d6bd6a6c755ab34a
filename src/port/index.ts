export * from './base/index.ts';
export * from './config/index.ts';
export * from './counterparts/debian/index.ts';

export * from './base/index.ts';
export * from './config/index.ts';

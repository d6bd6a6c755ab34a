export { jsonSchemas } from './json-schemas.ts';
export * from './scan.ts';

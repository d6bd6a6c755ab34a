export { runDemo } from './demo.ts';
export type { DemoOptions } from './options.ts';

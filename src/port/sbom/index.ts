export { sbomComponents } from './components.ts';
export { packageComponents } from './packages.ts';

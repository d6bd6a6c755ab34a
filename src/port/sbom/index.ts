export { sbomComponents } from './components.ts';

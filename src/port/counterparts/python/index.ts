export { pythonOrigin } from './origin.ts';

export { goOrigin } from './go-origin.ts';

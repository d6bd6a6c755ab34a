export { javaOrigin } from './java-origin.ts';

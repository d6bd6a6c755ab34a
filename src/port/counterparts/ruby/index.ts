export { rubyOrigin } from './ruby-origin.ts';

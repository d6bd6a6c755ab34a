export { type Environment, findRepositories } from './find-repositories.ts';

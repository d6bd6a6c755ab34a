export type { ProjectFile } from './page.ts';
export { accepted, readProject } from './read-project.ts';

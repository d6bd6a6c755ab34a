import type { TestProject } from 'vitest/node';
import { temporaryFolder } from './real-parts.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Lives as long as the run: what takes minutes to make is made once, by the first test file that asks. */
    sharedFolder: string;
  }
}

/** Vitest's global setup: an empty folder for all test files of a run. */
export function setup(project: TestProject): () => void {
  const folder = temporaryFolder();
  project.provide('sharedFolder', folder.path);
  return () => folder.remove();
}

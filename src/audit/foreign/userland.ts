import type { Survey } from './survey.ts';
import type { ImageKnowledge } from './types.ts';

/** Where loaders look of their own accord, and what is set up for them by default. */
const libraryFolder = /^(?:usr\/(?:local\/)?)?lib(?:64|32|x32)?\//;
const loaderName =
  /^(?:ld-linux[^/]*\.so\.\d+|ld64\.so\.\d+|ld\.so\.1|ld-musl-[^/]*\.so\.1|ld-\d[\d.]*\.so)$/;
const libcName = /^(?:libc\.so\.6|libc-\d[\d.]*\.so|libc\.musl-[^/]*\.so\.1)$/;

/** Is the path in one of the directories where the system's libraries are? */
export function isSystemLibraryPath(path: string): boolean {
  return libraryFolder.test(path);
}

export function isLoader(path: string): boolean {
  return isSystemLibraryPath(path) && loaderName.test(path.slice(path.lastIndexOf('/') + 1));
}

export function isLibc(path: string): boolean {
  return isSystemLibraryPath(path) && libcName.test(path.slice(path.lastIndexOf('/') + 1));
}

/** Whose C library the system's directories hold. A native one beside a foreign one makes it native. */
export function userlandOf({ native, foreign }: Survey): ImageKnowledge['userland'] {
  const isBasic = (path: string): boolean => isLoader(path) || isLibc(path);
  if (native.some(({ entry, innerPath }) => innerPath === '' && isBasic(entry.path))) return 'native';
  const found = foreign.some(
    ({ paths, innerPath, code }) =>
      innerPath === '' && code.offset === 0 && paths.some(({ path }) => isBasic(path)),
  );
  return found ? 'foreign' : 'none';
}

import type { ForeignFile } from '../types.ts';

const javaName = /\.(?:jar|war|ear|aar|sar|rar|kar|hpi|jpi)!$/i;
const packageName = /\.(?:deb|udeb|rpm|apk|whl|nupkg|snupkg|gem|crate|conda|ipk|vsix|xpi)!$/i;
const pythonName = /\.(?:egg|pex|pyz|pyzw|par)!$/i;
const bootPath = /(?:^|\/)(?:BOOT-INF|WEB-INF|META-INF)\//;

/** The archives around a file, outermost first, as components that end in `!`. */
function archives({ entry, words }: ForeignFile): readonly string[] {
  const outer = `${entry.path.slice(entry.path.lastIndexOf('/') + 1)}!`;
  return [outer, ...words.components.filter((part) => part.endsWith('!') && part !== outer)];
}

export function isJavaArchive(file: ForeignFile): boolean {
  return archives(file).some((name) => javaName.test(name)) || bootPath.test(file.innerPath);
}

/** A package manager's file, or one that it unpacked into. */
export function isPackageFile(file: ForeignFile): boolean {
  return archives(file).some((name) => packageName.test(name));
}

export function isPythonArchive(file: ForeignFile): boolean {
  return archives(file).some((name) => pythonName.test(name));
}

/** Do programs load from it as it is, by the names inside? */
export function isArchiveOfLibraries(file: ForeignFile): boolean {
  return !isPackageFile(file) && isJavaArchive(file);
}

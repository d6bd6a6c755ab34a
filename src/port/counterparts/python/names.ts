/** A project's name as indexes have it (Simple repository API, "Normalized Names"). */
export function normalizedName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}

const maxName = 200;

/** May this be a project's name in an address? */
export function isProjectName(name: string): boolean {
  return name.length <= maxName && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name);
}

/** Equal for two spellings of a version by one build tool: in file names some characters are escaped. */
export function versionKey(version: string): string {
  return version.toLowerCase().replace(/[-_.]+/g, '.');
}

export interface InfoName {
  /** As written, and normalized. */
  readonly written: string;
  readonly name: string;
  readonly version: string;
}

/** What the name of a `NAME-VERSION.dist-info` folder says (Recording installed projects). */
export function parseInfoName(folder: string): InfoName | undefined {
  const [, written = '', version = ''] = /^(.+)-([^-]+)\.dist-info$/.exec(folder) ?? [];
  const name = normalizedName(written);
  return isProjectName(name) && version.length <= maxName ? { written, name, version } : undefined;
}

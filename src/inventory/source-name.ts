/** The last part of a path, lower-cased: hints are taken from it, never decisions against the content. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).toLowerCase();
}

/** Extensions of files that quote manifests without being any: prose and programs. */
const otherLanguages =
  /\.(?:md|markdown|rst|adoc|html?|css|s?css|[cm]?[jt]sx?|go|py|rb|rs|java|kt|cs|c|cc|cpp|h|hpp|php|pl|lua|sh|bash|zsh|fish|ps1|sql|proto|tf|hcl|nix|xml|svg|toml|ini|lock|log|diff|patch|csv|ipynb|mod|sum)$/;

/** False where the name says that the file is prose or a program. */
export function mayBeData(path: string): boolean {
  return !otherLanguages.test(baseName(path));
}

const probedLength = 65_536;

/** The first line that is no comment, marker, directive or blank, from the first 64 KiB. */
export function firstSignificantLine(text: string): string {
  for (const [line] of text.slice(0, probedLength).matchAll(/[^\r\n]+/g)) {
    if (/^\s*(?:#|%|---|\.\.\.|$)/.test(line)) {
      const rest = /^---\s+([^#\s].*)$/.exec(line)?.[1];
      if (rest !== undefined) return rest;
    } else return line;
  }
  return '';
}

/** Could the text be YAML or JSON that starts with a mapping or a list? */
export function looksLikeYaml(text: string): boolean {
  const line = firstSignificantLine(text);
  // A licence or a changelog of 64 KiB comes before the first line: anything may follow.
  if (line === '') return text.length > probedLength;
  return /^\s*(?:[{[]|- |["']?[\w./$-]{1,200}["']?\s*:(?:\s|$))/.test(line);
}

const maxBytes = 256 * 1024;

/**
 * The settings of an .npmrc file (ini): `key = value`, comments with `;` and `#`, quotes around either. Sections, lists and
 * lines that are none are left out.
 */
export function parseNpmrc(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.slice(0, maxBytes).split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed.startsWith('[')) break;
    if (trimmed === '' || trimmed.startsWith(';') || trimmed.startsWith('#')) continue;
    const at = trimmed.indexOf('=');
    if (at < 1) continue;
    const key = unquoted(trimmed.slice(0, at).trim());
    if (!key.endsWith('[]')) settings.set(key, unquoted(withoutComment(trimmed.slice(at + 1)).trim()));
  }
  return settings;
}

function unquoted(text: string): string {
  return /^(["']).*\1$/s.test(text) && text.length > 1 ? text.slice(1, -1) : text;
}

/** A comment may stand behind a value, too; an address may have a `#` only after a `\`. */
function withoutComment(text: string): string {
  if (/^\s*["']/.test(text)) return text;
  return text.replace(/(?<!\\)[;#].*$/s, '').replace(/\\([;#])/g, '$1');
}

/** `${NAME}` as npm expands it; a text with a variable that is not set stays as it is. */
export function expanded(text: string, environment: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/(?<!\\)\$\{([A-Za-z_]\w{0,100})(\?)?\}/g, (whole, name: string, mayMiss?: string) => {
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    return value ?? (mayMiss === undefined ? whole : '');
  });
}

/** Values by section and option, as Python's `configparser.RawConfigParser` reads them, names lower-case. */
export type IniValues = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads an INI text: `name = value` or `name: value`, comments on lines of their own, indented lines as more of the value
 * before. What is none of this is passed over: pip would have complained.
 */
export function parseIni(text: string): IniValues {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let option: string | undefined;
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const [, heading] = /^\[([^\]]+)\]/.exec(line) ?? [];
    if (heading !== undefined) {
      section = sections.get(heading) ?? new Map();
      sections.set(heading, section);
      option = undefined;
    } else if (/^\s/.test(line) && section !== undefined && option !== undefined)
      section.set(option, `${section.get(option) ?? ''}\n${line.trim()}`);
    else {
      const [, name = '', value = ''] = /^([^=:]+)[=:](.*)$/.exec(line) ?? [];
      option = name === '' ? undefined : optionName(name);
      if (option !== undefined) section?.set(option, value.trim());
    }
  }
  return sections;
}

/** pip takes `index_url`, `--index-url` and `index-url` for one. */
export function optionName(name: string): string {
  return name.trim().toLowerCase().replaceAll('_', '-').replace(/^--/, '');
}

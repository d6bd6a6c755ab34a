/** What becomes of a file that no package owns, but that tools made for the old architecture. */
export interface SpecialFile {
  /** From the root; `*` stands for any part of a name, `**` for any number of folders. */
  readonly pattern: string;
  /**
   * `drop`: it's made again where it's needed. `respell`: its text names paths of the architecture, and so may its own.
   * `move`: only its place does.
   */
  readonly action: 'drop' | 'respell' | 'move';
  readonly why: string;
}

/** `etc/ld.so.cache` is not among them: it is made anew from the whole new image. */
export const specialFiles: readonly SpecialFile[] = [
  {
    pattern: 'var/cache/ldconfig/aux-cache',
    action: 'drop',
    why: "ldconfig's notes on libraries of the old architecture; it makes them again",
  },
  {
    pattern: 'var/cache/apt/*.bin',
    action: 'drop',
    why: "apt's cache of packages of the old architecture; it makes it again",
  },
  {
    pattern: 'var/cache/apt/archives/**/*_{source}.deb',
    action: 'drop',
    why: 'a fetched package of the old architecture',
  },
  {
    pattern: 'var/lib/apt/lists/*_binary-{source}_*',
    action: 'drop',
    why: 'an index of packages of the old architecture, which `apt-get update` fetches for the new one',
  },
  {
    pattern: 'usr/lib/*/gconv/gconv-modules.cache',
    action: 'drop',
    why: 'the C library reads gconv-modules without it',
  },
  {
    pattern: 'usr/lib/**/gdk-pixbuf-2.0/*/loaders.cache',
    action: 'respell',
    why: 'it names the loaders of images by their paths',
  },
  {
    pattern: 'usr/lib/*/gtk-*/*/immodules.cache',
    action: 'respell',
    why: 'it names input methods by their paths',
  },
  {
    pattern: 'var/lib/alternatives/*',
    action: 'respell',
    why: "update-alternatives' record of where links lead (Red Hat's)",
  },
  {
    pattern: 'etc/rpm/platform',
    action: 'respell',
    why: "rpm's own architecture",
  },
  {
    pattern: 'usr/lib/*/gio/modules/giomodule.cache',
    action: 'move',
    why: 'it names modules without their paths',
  },
  {
    pattern: 'usr/lib/jvm/**/*.jsa',
    action: 'drop',
    why: 'classes prepared for the old architecture; Java starts without them, or makes them again',
  },
  {
    pattern: 'usr/lib/mono/aot-cache/{source}/*',
    action: 'drop',
    why: 'assemblies compiled ahead for the old architecture; Mono compiles them as it runs',
  },
];

/** Those whose text is respelled, for the layer reader's `wanted`: it has no `**`. */
export const respelledFiles: readonly string[] = [
  'usr/lib/*/gdk-pixbuf-2.0/*/loaders.cache',
  'usr/lib/gdk-pixbuf-2.0/*/loaders.cache',
  'usr/lib/*/gtk-*/*/immodules.cache',
  'var/lib/alternatives/*',
  'etc/rpm/platform',
];

/** The first rule for a path; `source` is the package manager's name of the old architecture. */
export function specialRule(source: string): (path: string) => SpecialFile | undefined {
  const rules = specialFiles.map((rule) => ({
    rule,
    expression: expressionOf(rule.pattern.replace('{source}', source)),
  }));
  return (path) => rules.find(({ expression }) => expression.test(path))?.rule;
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern
    .split('/')
    .map((part) => (part === '**' ? '(?:[^/]+/)*' : `${part.split('*').map(escaped).join('[^/]*')}/`));
  return new RegExp(`^${parts.join('').replace(/\/$/, '')}$`);
}

function escaped(text: string): string {
  return text.replace(/[^A-Za-z0-9_/-]/g, '\\$&');
}

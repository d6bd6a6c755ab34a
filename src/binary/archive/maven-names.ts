const maxNames = 16;
const maxLength = 400;

/** Collects what Maven's archiver says of a jar by the names of its entries: `META-INF/maven/GROUP/ARTIFACT/pom.properties`. */
export class MavenNames {
  readonly #names = new Set<string>();

  add(entry: string): void {
    if (!entry.startsWith('META-INF/maven/') || entry.length > maxLength) return;
    const [, group, artifact] =
      /^META-INF\/maven\/(\w[\w.-]*)\/(\w[\w.-]*)\/pom\.properties$/.exec(entry) ?? [];
    if (group !== undefined && this.#names.size < maxNames) this.#names.add(`${group}:${artifact}`);
  }

  facts(): { readonly maven?: readonly string[] } {
    return this.#names.size === 0 ? {} : { maven: [...this.#names] };
  }
}

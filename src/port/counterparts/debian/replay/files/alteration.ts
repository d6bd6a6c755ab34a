import type { LayerEntry } from '../../../../../layer/index.ts';
import type { Conffile, InstalledPackage } from '../../database/index.ts';
import type { StoredPackage } from '../../store/index.ts';

/** Is a file of the image as its package has it? */
export type Alteration = 'unaltered' | 'altered' | 'unknown';

type OriginalOf = (installed: InstalledPackage) => Promise<StoredPackage | undefined>;

/** What is known of a package's files as they were when it was installed. */
export class PackageRecord {
  readonly installed: InstalledPackage;
  readonly #conffiles: ReadonlyMap<string, Conffile>;
  readonly #originalOf: OriginalOf;
  /** SHA-256 by path. */
  #original: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(installed: InstalledPackage, originalOf: OriginalOf = async () => undefined) {
    this.installed = installed;
    this.#originalOf = originalOf;
    this.#conffiles = new Map(installed.conffiles.map((one) => [one.path, one]));
  }

  conffile(listed: string): Conffile | undefined {
    return this.#conffiles.get(listed);
  }

  /**
   * Compares a file with what dpkg recorded of it, and where it recorded nothing, with the package itself. MD5 is what dpkg
   * has: it's to find what people changed, not what they hid; and what is found unaltered is replaced, never trusted.
   */
  async alterationOf(listed: string, entry: LayerEntry): Promise<Alteration> {
    const conffile = this.conffile(listed);
    const recorded = conffile === undefined ? this.installed.md5sums?.get(listed) : conffile.md5;
    if (recorded !== undefined && entry.md5 !== undefined)
      return recorded === entry.md5 ? 'unaltered' : 'altered';
    if (entry.sha256 === undefined) return 'unknown';
    this.#original ??= this.#sums();
    const sha256 = (await this.#original).get(listed);
    if (sha256 === undefined) return 'unknown';
    return sha256 === entry.sha256 ? 'unaltered' : 'altered';
  }

  async #sums(): Promise<ReadonlyMap<string, string>> {
    const original = await this.#originalOf(this.installed);
    const sums = new Map<string, string>();
    for (const { path, sha256 } of original?.files ?? []) if (sha256 !== undefined) sums.set(path, sha256);
    return sums;
  }
}

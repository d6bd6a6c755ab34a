import type { LayerEntry } from '../../../../../layer/index.ts';
import type { Conffile } from '../../../debian/database/index.ts';
import type { FileReplay, PackageFiles, Sum } from '../types.ts';

/** Is a file of the image as its package has it? */
export type Alteration = 'unaltered' | 'altered' | 'unknown';

/** What is known of a package's files as they were when it was installed. */
export class PackageRecord {
  readonly installed: PackageFiles;
  readonly #conffiles: ReadonlyMap<string, Conffile>;
  readonly #input: Pick<FileReplay, 'originalOf'>;
  /** SHA-256 by path. */
  #original: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(installed: PackageFiles, input: Pick<FileReplay, 'originalOf'> = {}) {
    this.installed = installed;
    this.#input = input;
    this.#conffiles = new Map(installed.conffiles.map((one) => [one.path, one]));
  }

  conffile(listed: string): Conffile | undefined {
    return this.#conffiles.get(listed);
  }

  /**
   * Compares a file with what the package manager recorded of it, and where it recorded nothing, with the package itself.
   * MD5 and SHA-1 are what some of them have: that's to find what people changed, not what they hid; and what is found
   * unaltered is replaced, never trusted.
   */
  async alterationOf(listed: string, entry: LayerEntry): Promise<Alteration> {
    const recorded = this.#recorded(listed);
    const own = recorded && entry[recorded.algorithm];
    if (own !== undefined) return recorded?.hex === own ? 'unaltered' : 'altered';
    if (entry.sha256 === undefined) return 'unknown';
    this.#original ??= this.#sums();
    const sha256 = (await this.#original).get(listed);
    if (sha256 === undefined) return 'unknown';
    return sha256 === entry.sha256 ? 'unaltered' : 'altered';
  }

  #recorded(listed: string): Sum | undefined {
    const sum = this.installed.sums?.get(listed);
    if (sum !== undefined) return sum;
    const conffile = this.conffile(listed);
    const hex = conffile === undefined ? this.installed.md5sums?.get(listed) : conffile.md5;
    return hex === undefined ? undefined : { algorithm: 'md5', hex };
  }

  async #sums(): Promise<ReadonlyMap<string, string>> {
    const original = await this.#input.originalOf?.(this.installed);
    const sums = new Map<string, string>();
    for (const { path, sha256 } of original?.files ?? []) if (sha256 !== undefined) sums.set(path, sha256);
    return sums;
  }
}

import { redact } from '../../../core/index.ts';
import type { FileStore, StoredFile } from '../../fetch/index.ts';
import type { InstalledGem } from './find-gems.ts';
import type { RubyLimits } from './limits.ts';

/** A gem that a server's index has. */
export interface OfferedGem {
  readonly platform: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly url: string;
}

/** A gem server with a compact index (RubyGems' guides, "Compact Index"): a page of lines for each gem. */
export class GemServer {
  /** With a slash at the end; it may hold a login. */
  readonly #url: string;
  readonly #store: FileStore;
  readonly #limits: RubyLimits;

  constructor(url: string, store: FileStore, limits: RubyLimits) {
    this.#url = url;
    this.#store = store;
    this.#limits = limits;
  }

  get shown(): string {
    return redact(this.#url);
  }

  /** Of one version, for all platforms that there are. @throws FetchError, FileError, the signal's reason. */
  async offers({ name, version }: Pick<InstalledGem, 'name' | 'version'>): Promise<readonly OfferedGem[]> {
    const url = new URL(`info/${encodeURIComponent(name)}`, this.#url).href;
    const page = (await this.#store.text(url, this.#limits.pageBytes)) ?? '';
    return page.split('\n').flatMap((line) => {
      const platform = platformIn(line, version);
      const [, sha256 = ''] = /[| ,]checksum:([0-9a-f]{64})(?:[,\s]|$)/.exec(line) ?? [];
      if (platform === undefined || sha256 === '') return [];
      const file = `${name}-${version}${platform === 'ruby' ? '' : `-${platform}`}.gem`;
      return [{ platform, sha256, url: new URL(`gems/${encodeURIComponent(file)}`, this.#url).href }];
    });
  }

  /** @throws FetchError, FileError, the signal's reason. */
  get({ url, sha256 }: OfferedGem): Promise<StoredFile> {
    return this.#store.get(url, { algorithm: 'sha256', hex: sha256 });
  }
}

/** A line is `VERSION[-PLATFORM] DEPENDENCIES|REQUIREMENTS`; a version has no hyphen in it. */
function platformIn(line: string, version: string): string | undefined {
  const word = line.slice(0, line.indexOf(' '));
  if (word === version) return 'ruby';
  const platform = word.startsWith(`${version}-`) ? word.slice(version.length + 1) : '';
  return /^[A-Za-z0-9_][\w.-]{0,99}$/.test(platform) ? platform : undefined;
}

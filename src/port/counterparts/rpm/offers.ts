import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { messageOf, redact } from '../../../core/index.ts';
import { decompressed } from '../debian/decompress.ts';
import { DebianError } from '../debian/errors.ts';
import { bounded } from '../shared/packages/bounded.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import type { Repository } from '../shared/packages/repository.ts';
import type { Failure, Findings, Offers } from '../shared/packages/types.ts';
import type { RpmPackage } from './database.ts';
import { type ListedRpm, readPrimary, type Wanted } from './primary.ts';
import { type PrimaryFile, readRepomd } from './repomd.ts';
import type { RepositoriesReading, RpmRepository } from './repositories.ts';
import { compareVersions } from './version.ts';

/** A package that a repository has for the target. */
export type RpmOffer = ListedRpm & { readonly url: string };

export interface OffersOptions {
  readonly repository: Repository;
  readonly reading: RepositoriesReading;
  /** rpm's names. */
  readonly source: string;
  readonly target: string;
  readonly allowUpgrade: boolean;
}

/** Of a list of packages, decompressed. */
const maxPrimaryBytes = 4 * 1024 ** 3;
const compressions = { '.gz': 'gzip', '.xz': 'xz', '.zst': 'zstd', '.xml': 'none' } as const;

interface OpenList {
  /** Where its packages are. */
  readonly url: string;
  readonly file: string;
  readonly compression: (typeof compressions)[keyof typeof compressions];
}

interface Problem {
  readonly text: string;
  readonly hint?: string | undefined;
}

/** What the repositories have for the target; their lists are read from disk for each question. */
export class RpmOffers {
  readonly #options: OffersOptions;
  readonly #problems: Problem[];
  #lists: Promise<readonly OpenList[]> | undefined;

  constructor(options: OffersOptions) {
    this.#options = options;
    const hint = 'Name the address of its packages with --rpm-repo.';
    this.#problems = options.reading.problems.map((text) => ({ text, hint }));
    if (options.reading.repositories.length === 0 && this.#problems.length === 0)
      this.#problems.push({ text: 'the image names no repository', hint });
  }

  /** Packages of the same name and version; newer ones where that is allowed. @throws the signal's reason. */
  async find(wanted: readonly RpmPackage[]): Promise<Findings<RpmPackage, RpmOffer>> {
    const names = new Set(wanted.map(({ name }) => name));
    const offers = new Map<string, RpmOffer[]>();
    const wants: Wanted = {
      mayBe: (text) => names.has(/<name>([^<]*)<\/name>/.exec(text)?.[1] ?? ''),
      isIt: ({ name }) => names.has(name),
    };
    for (const one of await this.#read(wants)) offers.set(one.name, [...(offers.get(one.name) ?? []), one]);
    const found: { installed: RpmPackage; offer: RpmOffer; match: 'same' | 'upgrade' }[] = [];
    const failed: Failure<RpmPackage>[] = [];
    for (const installed of wanted) {
      const own = installed.architecture === this.#options.source ? (offers.get(installed.name) ?? []) : [];
      const same = own.find(({ version }) => version === installed.version);
      const newer = this.#options.allowUpgrade ? newest(installed, own) : undefined;
      if (same !== undefined) found.push({ installed, offer: same, match: 'same' });
      else if (newer !== undefined) found.push({ installed, offer: newer, match: 'upgrade' });
      else failed.push(this.#failure(installed, own));
    }
    return { found, failed };
  }

  /** Packages that give something, the newest first. */
  async offersFor(need: string): Promise<Offers<RpmOffer>> {
    const escaped = need.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const offers = await this.#read({
      mayBe: (text) => text.includes(escaped),
      isIt: ({ name, gives }) => name === need || gives.includes(need),
    });
    const candidates = [...offers].sort((left, right) => compareVersions(right.version, left.version));
    return { candidates, isUnknown: this.#problems.length > 0 };
  }

  async #read(wanted: Wanted): Promise<readonly RpmOffer[]> {
    this.#lists ??= this.#open();
    const { target } = this.#options;
    const offers: RpmOffer[] = [];
    for (const { url, file, compression } of await this.#lists) {
      const name = redact(url);
      const input = createReadStream(file);
      try {
        const xml = bounded(decompressed(input, compression, name), maxPrimaryBytes, name);
        const isOurs = (one: Parameters<Wanted['isIt']>[0]): boolean =>
          (one.architecture === target || one.architecture === 'noarch') && wanted.isIt(one);
        for await (const one of readPrimary(xml, name, { mayBe: (text) => wanted.mayBe(text), isIt: isOurs }))
          offers.push({ ...one, url: `${url}/${one.href}` });
      } catch (error) {
        if (!(error instanceof PackagesError) && !(error instanceof DebianError)) throw error;
        this.#problems.push({ text: redact(messageOf(error)), hint: error.hint });
      } finally {
        input.destroy();
      }
    }
    return offers;
  }

  async #open(): Promise<readonly OpenList[]> {
    const lists: OpenList[] = [];
    for (const one of this.#options.reading.repositories) {
      const opened = await this.#openOne(one);
      if (opened !== undefined) lists.push(opened);
    }
    return lists;
  }

  /** The first of its addresses that answers. */
  async #openOne({ urls }: RpmRepository): Promise<OpenList | undefined> {
    const problems: Problem[] = [];
    let isAbsent = true;
    for (const url of urls) {
      try {
        return await openList(url, this.#options.repository);
      } catch (error) {
        if (!(error instanceof PackagesError)) throw error;
        isAbsent &&= error.code === 'PACKAGES_NOT_FOUND';
        problems.push({ text: redact(messageOf(error)), hint: error.hint });
      }
    }
    // Some repositories are for one architecture alone.
    if (!isAbsent) this.#problems.push(...problems.slice(0, 1));
    return undefined;
  }

  #failure(installed: RpmPackage, offers: readonly RpmOffer[]): Failure<RpmPackage> {
    const { name, version, architecture } = installed;
    const { source, target } = this.#options;
    if (architecture !== source)
      return {
        ...{ installed, kind: 'refused', isAbsent: true },
        text: `${name} ${version} is for ${architecture}, and has no counterpart beside that for ${source}`,
        lift: `Remove ${name}.${architecture} from the image.`,
      };
    const [problem] = this.#problems;
    const others = [...new Set(offers.map((one) => one.version))].slice(0, 5).join(', ');
    const what =
      offers.length === 0
        ? `no repository of the image has ${name} for ${target}`
        : `${name} is installed in version ${version}, and the repositories have ${others} for ${target}`;
    const upgrade = offers.length > 0 ? 'take a newer version with --allow-upgrade, ' : '';
    return {
      installed,
      kind: problem === undefined ? 'refused' : 'unknown',
      isAbsent: offers.length === 0,
      text: problem === undefined ? what : `${what}, but not all could be read: ${problem.text}`,
      lift:
        problem?.hint ??
        `Name a repository that has it with --rpm-repo, ${upgrade}or remove ${name} from the image.`,
    };
  }
}

async function openList(url: string, repository: Repository): Promise<OpenList> {
  const name = `${redact(url)}/repodata/repomd.xml`;
  const primary = await readRepomd(await repository.index(`${url}/repodata/repomd.xml`), name);
  const ending = /\.[a-z]+$/.exec(primary.href)?.[0] ?? '';
  if (ending !== '.gz' && ending !== '.xz' && ending !== '.zst' && ending !== '.xml')
    throw new PackagesError(
      'PACKAGES_UNSUPPORTED',
      `${name} names ${primary.href}, a compression armload doesn't read`,
    );
  const file = await repository.file({
    url: `${url}/${primary.href}`,
    key: `rpm list ${primary.algorithm} ${primary.hex}`,
    check: (path) => checkSum(path, primary, `${redact(url)}/${primary.href}`),
  });
  return { url, file, compression: compressions[ending] };
}

async function checkSum(
  path: string,
  { algorithm, hex }: Pick<PrimaryFile, 'algorithm' | 'hex'>,
  name: string,
): Promise<void> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  const sum = hash.digest('hex');
  if (sum !== hex)
    throw new PackagesError(
      'PACKAGES_HASH',
      `${name} has the ${algorithm} ${sum}; its repository says ${hex}`,
    );
}

function newest({ version }: RpmPackage, offers: readonly RpmOffer[]): RpmOffer | undefined {
  return offers
    .filter((offer) => compareVersions(offer.version, version) > 0)
    .sort((left, right) => compareVersions(right.version, left.version))[0];
}

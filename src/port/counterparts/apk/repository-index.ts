import { messageOf, redact } from '../../../core/index.ts';
import { compareAlpine } from '../../base/parity/versions.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import type { Repository } from '../shared/packages/repository.ts';
import type { Failure, Findings, Offers } from '../shared/packages/types.ts';
import type { ApkPackage } from './database.ts';
import { type ApkOffer, readIndex } from './index-file.ts';
import type { RepositoriesReading } from './repositories.ts';
import type { ApkKey } from './signature.ts';

export interface OffersOptions {
  readonly repository: Repository;
  readonly reading: RepositoriesReading;
  readonly architecture: string;
  readonly keys: ReadonlyMap<string, readonly ApkKey[]>;
  readonly allowUnsigned: boolean;
}

/** What the image's repositories have for the target. */
export class ApkOffers {
  readonly #byName: ReadonlyMap<string, readonly ApkOffer[]>;
  readonly #byGift: ReadonlyMap<string, readonly ApkOffer[]>;
  readonly #architecture: string;
  /** Sentences: what could not be read, and what would help. */
  readonly #problems: readonly { readonly text: string; readonly hint?: string | undefined }[];

  private constructor(
    offers: readonly ApkOffer[],
    { architecture, problems }: { readonly architecture: string; readonly problems: readonly Problem[] },
  ) {
    this.#byName = grouped(offers, ({ name }) => [name]);
    // Packages of tagged repositories are taken only where somebody asks for them.
    this.#byGift = grouped(
      offers.filter(({ tag }) => tag === undefined),
      ({ name, gives }) => [name, ...gives],
    );
    this.#architecture = architecture;
    this.#problems = problems;
  }

  /** Reads all indexes. @throws the signal's reason. */
  static async read({ reading, repository, ...options }: OffersOptions): Promise<ApkOffers> {
    const { architecture, keys, allowUnsigned } = options;
    const offers: ApkOffer[] = [];
    const problems: Problem[] = reading.problems.map((text) => ({ text }));
    for (const { url, tag } of reading.repositories) {
      const folder = `${url}/${architecture}`;
      try {
        const bytes = await repository.index(`${folder}/APKINDEX.tar.gz`);
        offers.push(...(await readIndex(bytes, { folder, keys, allowUnsigned, tag })));
      } catch (error) {
        if (!(error instanceof PackagesError)) throw error;
        // Some repositories are for one architecture alone.
        if (error.code !== 'PACKAGES_NOT_FOUND')
          problems.push({ text: redact(messageOf(error)), hint: error.hint });
      }
    }
    if (reading.repositories.length === 0 && problems.length === 0)
      problems.push({ text: 'the image names no repository in /etc/apk/repositories' });
    return new ApkOffers(offers, { architecture, problems });
  }

  /** Packages of the same name and version; where `allowUpgrade` says so, of a newer one where that's gone. */
  find(wanted: readonly ApkPackage[], allowUpgrade: boolean): Findings<ApkPackage, ApkOffer> {
    const found: { installed: ApkPackage; offer: ApkOffer; match: 'same' | 'upgrade' }[] = [];
    const failed: Failure<ApkPackage>[] = [];
    for (const installed of wanted) {
      const offers = this.#byName.get(installed.name) ?? [];
      const same = offers.find(({ version }) => version === installed.version);
      const newer = allowUpgrade && same === undefined ? newest(installed, offers) : undefined;
      if (same !== undefined) found.push({ installed, offer: same, match: 'same' });
      else if (newer !== undefined) found.push({ installed, offer: newer, match: 'upgrade' });
      else failed.push(this.#failure(installed, offers));
    }
    return { found, failed };
  }

  offersFor(need: string): Offers<ApkOffer> {
    return { candidates: this.#byGift.get(need) ?? [], isUnknown: this.#problems.length > 0 };
  }

  #failure(installed: ApkPackage, offers: readonly ApkOffer[]): Failure<ApkPackage> {
    const { name, version } = installed;
    const [problem] = this.#problems;
    const others = [...new Set(offers.map((one) => one.version))].slice(0, 5).join(', ');
    const what =
      offers.length === 0
        ? `no repository of the image has ${name} for ${this.#architecture}`
        : `${name} is installed in version ${version}, and the repositories have ${others} for ${this.#architecture}`;
    const upgrade = offers.length > 0 ? 'take a newer version with --allow-upgrade, ' : '';
    return {
      installed,
      kind: problem === undefined ? 'refused' : 'unknown',
      isAbsent: offers.length === 0,
      text: problem === undefined ? what : `${what}, but not all could be read: ${problem.text}`,
      lift:
        problem?.hint ??
        `Name a mirror that has it with --mirror, ${upgrade}or remove ${name} from the image.`,
    };
  }
}

interface Problem {
  readonly text: string;
  readonly hint?: string | undefined;
}

function newest({ version }: ApkPackage, offers: readonly ApkOffer[]): ApkOffer | undefined {
  const isNewer = (offer: ApkOffer): boolean => compareAlpine(offer.version, version) > 0;
  return offers
    .filter((offer) => offer.tag === undefined && isNewer(offer))
    .sort((left, right) => compareAlpine(right.version, left.version))[0];
}

function grouped(
  offers: readonly ApkOffer[],
  keysOf: (offer: ApkOffer) => readonly string[],
): ReadonlyMap<string, readonly ApkOffer[]> {
  const groups = new Map<string, ApkOffer[]>();
  for (const offer of offers)
    for (const key of new Set(keysOf(offer))) {
      const known = groups.get(key);
      if (known === undefined) groups.set(key, [offer]);
      else known.push(offer);
    }
  return groups;
}

import { fieldOf, type Paragraph, parseControl } from '../control.ts';
import { DebianError } from '../errors.ts';
import type { AptSource } from '../sources/index.ts';

/** A file that a Release file vouches for. */
export interface ReleaseFile {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
}

/** The facts of a Release file (Debian wiki, "DebianRepository/Format"). */
export interface Release {
  readonly suite?: string;
  readonly codename?: string;
  /** Milliseconds since the epoch. */
  readonly date?: number;
  readonly validUntil?: number;
  readonly architectures: readonly string[];
  readonly hasByHash: boolean;
  /** False for releases whose packages are installed only by name: backports, experimental (`NotAutomatic`). */
  readonly isAutomatic: boolean;
  /** By their path beside the Release file. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
}

/** @throws DebianError `DEBIAN_MALFORMED`, or `DEBIAN_UNSUPPORTED` for one without SHA-256 sums. */
export function parseRelease(text: string, name: string): Release {
  const [paragraph, ...more] = parseControl(text, { name });
  if (paragraph === undefined || more.length > 0)
    throw new DebianError('DEBIAN_MALFORMED', `${name} has ${more.length + 1} paragraphs instead of one`);
  const sums = fieldOf(paragraph, 'SHA256');
  if (sums === undefined)
    throw new DebianError(
      'DEBIAN_UNSUPPORTED',
      `${name} has no SHA256 sums, and armload believes no weaker ones`,
    );
  const [suite, codename] = [fieldOf(paragraph, 'Suite'), fieldOf(paragraph, 'Codename')];
  return {
    ...(suite === undefined ? {} : { suite }),
    ...(codename === undefined ? {} : { codename }),
    ...timeOf(paragraph, 'Date', name),
    ...timeOf(paragraph, 'Valid-Until', name),
    architectures: (fieldOf(paragraph, 'Architectures') ?? '').split(/\s+/).filter((word) => word !== ''),
    hasByHash: fieldOf(paragraph, 'Acquire-By-Hash')?.toLowerCase() === 'yes',
    isAutomatic: fieldOf(paragraph, 'NotAutomatic')?.toLowerCase() !== 'yes',
    files: filesOf(sums, name),
  };
}

function timeOf(
  paragraph: Paragraph,
  field: 'Date' | 'Valid-Until',
  name: string,
): { readonly date?: number; readonly validUntil?: number } {
  const written = fieldOf(paragraph, field);
  if (written === undefined) return {};
  const time = Date.parse(written);
  if (Number.isNaN(time) || written.length > 100)
    throw new DebianError('DEBIAN_MALFORMED', `${name} has a ${field} that is no time`);
  return field === 'Date' ? { date: time } : { validUntil: time };
}

/** Lines of `sha256 size path`. */
function filesOf(sums: string, name: string): ReadonlyMap<string, ReleaseFile> {
  const files = new Map<string, ReleaseFile>();
  for (const line of sums.split('\n')) {
    if (line.trim() === '') continue;
    const [sha256 = '', size = '', path = '', more] = line.trim().split(/\s+/);
    if (!/^[0-9a-f]{64}$/i.test(sha256) || !/^[0-9]{1,15}$/.test(size) || path === '' || more !== undefined)
      throw new DebianError(
        'DEBIAN_MALFORMED',
        `${name} has the line "${line.slice(0, 120)}" among its sums`,
      );
    files.set(path, { sha256: sha256.toLowerCase(), size: Number(size) });
  }
  return files;
}

/** What apt allows a clock to be behind the archive's. */
const futureTolerance = 10_000;

/**
 * Refuses a Release file that is out of date or not valid yet, as apt does: an attacker could hold back updates with an
 * old one. Sources whose `Check-Valid-Until` is off, and snapshots, are not checked for age.
 * @throws DebianError `DEBIAN_EXPIRED`.
 */
export function checkDates(
  release: Release,
  source: AptSource,
  { name, now }: { name: string; now: number },
): void {
  const { date, validUntil } = release;
  if (date !== undefined && date > now + futureTolerance)
    throw new DebianError('DEBIAN_EXPIRED', `${name} is not valid before ${new Date(date).toISOString()}`, {
      hint: "Check this machine's clock.",
    });
  if (source.checkValidUntil && validUntil !== undefined && validUntil < now)
    throw new DebianError('DEBIAN_EXPIRED', `${name} was valid until ${new Date(validUntil).toISOString()}`, {
      hint: 'The mirror is stale, or the release is no longer updated: configure another mirror or a snapshot.',
    });
}

/** Whether the Release file says to be of the suite that was asked for. */
export function isOfSuite({ suite, codename }: Release, wanted: string): boolean {
  const names = [suite, codename].filter((name) => name !== undefined);
  return (
    names.length === 0 ||
    wanted.endsWith('/') ||
    names.some((name) => name === wanted || wanted.startsWith(`${name}/`))
  );
}

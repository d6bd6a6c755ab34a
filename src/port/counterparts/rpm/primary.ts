import { PackagesError } from '../shared/packages/errors.ts';
import type { OfferedPackage } from '../shared/packages/types.ts';
import { checkedHref, checkedSum, type PrimaryFile } from './repomd.ts';
import { readXml, type XmlEvent } from './xml.ts';

/** A package as a repository's list describes it. */
export interface ListedRpm extends Omit<OfferedPackage, 'version'> {
  /** `epoch:version-release`, without an epoch of 0. */
  readonly version: string;
  /** Relative to the repository. */
  readonly href: string;
  readonly sum: Pick<PrimaryFile, 'algorithm' | 'hex'>;
  /** Bytes. */
  readonly size: number;
  readonly source: string;
}

interface Draft {
  name: string;
  architecture: string;
  epoch: string;
  version: string;
  release: string;
  source: string;
  href: string;
  sumType: string;
  sum: string;
  size: number;
  readonly needs: string[];
  readonly gives: string[];
}

/** Of one package: dependencies and files. */
const maxNames = 200_000;

/** Which packages are wanted: by their text, which is quick, and then by what they are. */
export interface Wanted {
  /** May be wrong in saying yes. */
  mayBe(text: string): boolean;
  isIt(one: Pick<ListedRpm, 'name' | 'architecture' | 'gives'>): boolean;
}

/**
 * Reads the packages of a `primary.xml` that are wanted, decompressed. The lists of a distribution have millions of tags:
 * only those of packages that may be wanted are looked at.
 * @throws PackagesError; what the input throws.
 */
export async function* readPrimary(
  input: AsyncIterable<Uint8Array>,
  name: string,
  wanted: Wanted,
): AsyncGenerator<ListedRpm, void, undefined> {
  for await (const text of packageTexts(input, name)) {
    if (!wanted.mayBe(text)) continue;
    const draft = await draftOf(text, name);
    if (wanted.isIt(draft)) yield listed(draft, name);
  }
}

const [start, end] = ['<package', '</package>'];
/** Of one package. Characters. */
const maxText = 64 * 1024 ** 2;

/** Each package's own part of the list. @throws PackagesError `PACKAGES_LIMIT` or `PACKAGES_MALFORMED`. */
async function* packageTexts(
  input: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of input) {
    text += decoder.decode(chunk, { stream: true });
    let at = 0;
    for (let stop = text.indexOf(end); stop >= 0; stop = text.indexOf(end, at)) {
      const from = text.indexOf(start, at);
      if (from >= 0 && from < stop) yield text.slice(from, stop + end.length);
      at = stop + end.length;
    }
    text = text.slice(at);
    if (text.length > maxText)
      throw new PackagesError('PACKAGES_LIMIT', `${name} has a package of more than ${maxText} characters`);
  }
  if (!/(?:<\/metadata|\/)>\s*$/.test(text.slice(-1000)))
    throw new PackagesError('PACKAGES_MALFORMED', `the XML of ${name} is damaged: it ends early`);
}

async function draftOf(text: string, name: string): Promise<Draft> {
  const draft = emptyDraft();
  const input = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  };
  let [inside, list]: [string, 'needs' | 'gives' | ''] = ['', ''];
  for await (const event of readXml(input(), name)) {
    if (event.kind === 'close') {
      if (event.name === 'requires' || event.name === 'provides') list = '';
      inside = '';
    } else if (event.kind === 'text') takeText(draft, inside, event.text);
    else {
      inside = event.isEmpty ? '' : event.name;
      if (event.name === 'requires' && !event.isEmpty) list = 'needs';
      if (event.name === 'provides' && !event.isEmpty) list = 'gives';
      takeTag(draft, event, list);
    }
  }
  return draft;
}

function emptyDraft(): Draft {
  return {
    ...{ name: '', architecture: '', epoch: '', version: '', release: '', source: '' },
    ...{ href: '', sumType: '', sum: '', size: 0, needs: [], gives: [] },
  };
}

function takeText(draft: Draft, inside: string, text: string): void {
  if (inside === 'name') draft.name += text;
  else if (inside === 'arch') draft.architecture += text;
  else if (inside === 'checksum') draft.sum += text.trim();
  else if (inside === 'sourcerpm') draft.source += text;
  else if (inside === 'file' && draft.gives.length < maxNames) draft.gives.push(text);
}

function takeTag(
  draft: Draft,
  { name, attributes }: Extract<XmlEvent, { kind: 'open' }>,
  list: 'needs' | 'gives' | '',
): void {
  const attribute = (key: string): string => attributes.get(key) ?? '';
  if (name === 'version') {
    draft.epoch = attribute('epoch');
    draft.version = attribute('ver');
    draft.release = attribute('rel');
  } else if (name === 'checksum') draft.sumType = attribute('type');
  else if (name === 'location') draft.href = attribute('href');
  else if (name === 'size') draft.size = Number(attribute('package'));
  else if (name === 'entry' && list !== '' && draft[list].length < maxNames)
    draft[list].push(attribute('name'));
}

function listed(draft: Draft, name: string): ListedRpm {
  const { epoch, version, release, source, href, sumType, sum, size } = draft;
  return {
    ...{ name: draft.name, architecture: draft.architecture, source: sourceName(source), size },
    version: formatVersion({ epoch: Number(epoch || 0), version, release }),
    href: checkedHref(href, name),
    sum: checkedSum(sumType, sum, name),
    needs: neededNames(draft.needs),
    gives: draft.gives,
  };
}

/** What rpm itself gives is no package's, and a condition is no name. */
export function neededNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => !name.startsWith('rpmlib(') && !name.startsWith('('));
}

export function formatVersion({
  epoch,
  version,
  release,
}: {
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
}): string {
  return `${epoch === 0 ? '' : `${epoch}:`}${version}-${release}`;
}

/** `bash-5.1.8-6.el9.src.rpm` → `bash`. */
export function sourceName(file: string): string {
  return file.replace(/\.(?:no)?src\.rpm$/, '').replace(/-[^-]*-[^-]*$/, '');
}

import { createHash } from 'node:crypto';
import { type LayerSource, readLayerEntries } from '../../../layer/index.ts';
import { type RawMember, type TarEntry, type TarMember, writeTar } from '../../../tar/index.ts';
import type { LayerLayout, Written } from '../layout/types.ts';
import { checkedContent, contentOf } from './content.ts';
import { memberOf } from './member.ts';
import type { WorkFiles } from './work-files.ts';

/** What comes by while a layer is rewritten. */
export interface RewriteOptions {
  readonly files: WorkFiles;
  /** Names an entry that the facts leave out, and that the new layer doesn't get. */
  readonly onLeftOut: (name: string) => void;
  readonly signal?: AbortSignal | undefined;
}

type Member = TarMember | RawMember;

/**
 * The new layer's tar, as the source's streams by.
 * @throws AssemblyError, LayerError, RegistryError, or the signal's reason.
 */
export function rewriteLayer(
  source: LayerSource,
  layout: LayerLayout,
  options: RewriteOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  return writeTar(new Rewriting(layout, options).members(source));
}

class Rewriting {
  readonly #layout: LayerLayout;
  readonly #options: RewriteOptions;
  readonly #spooled = new Map<number, () => AsyncIterable<Uint8Array>>();

  constructor(layout: LayerLayout, options: RewriteOptions) {
    this.#layout = layout;
    this.#options = options;
  }

  async *members(source: LayerSource): AsyncGenerator<Member, void, undefined> {
    const { facts, emissions, tail } = this.#layout;
    const call = this.#options.signal === undefined ? {} : { signal: this.#options.signal };
    for await (const { tar, index } of readLayerEntries(source, facts, call)) {
      const emission = emissions[index];
      if (emission === undefined) {
        this.#options.onLeftOut(tar.name);
        continue;
      }
      for (const parent of emission.before) yield this.#member(parent);
      if (emission.what === 'pass') yield tar;
      else if (emission.what === 'spool')
        this.#spooled.set(index, await this.#options.files.setAside(contentOf(tar)));
      else if (emission.what !== 'skip') yield this.#member(emission.what, tar);
    }
    for (const written of tail) yield this.#member(written);
  }

  #member({ entry, body }: Written, own?: TarEntry): Member {
    if (body === 'none') return memberOf(entry, undefined, timeOf(entry, own));
    if (body === 'own') return memberOf(entry, own && contentOf(own), timeOf(entry, own));
    if ('slot' in body) return memberOf(entry, this.#spooled.get(body.slot)?.());
    return memberOf(entry, checkedContent(entry.path, body), timeOf(entry, own));
  }
}

/** The precise time of the entry whose place this one takes, unless it's to have another. */
function timeOf(entry: { readonly mtime: number }, own: TarEntry | undefined): { paxTime?: Uint8Array } {
  const paxTime = own?.pax.get('mtime');
  return own?.mtime === entry.mtime && paxTime !== undefined && paxTime.length > 0 ? { paxTime } : {};
}

/** The digest of what streams by, and its length. */
export class Measure {
  size = 0;
  readonly #hash = createHash('sha256');

  async *through(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of input) {
      this.#hash.update(chunk);
      this.size += chunk.length;
      yield chunk;
    }
  }

  /** To be called once, when all went by. */
  digest(): `sha256:${string}` {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}

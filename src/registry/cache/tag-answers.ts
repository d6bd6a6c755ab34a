import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock, EventSink } from '../../core/index.ts';
import { systemCode } from './atomic-file.ts';
import type { CacheLayout } from './layout.ts';
import { type TagAnswer, TagJournal } from './tag-journal.ts';

/** Whose answer about which tag. `identity` is part of it: what one login sees is not for another. */
export interface TagKey {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly identity: string;
}

export interface TagAnswersOptions {
  /** Absent: in memory only. */
  readonly layout?: CacheLayout | undefined;
  readonly clock: Clock;
  readonly emit?: EventSink | undefined;
}

/** What tags were seen to be: in this run, and in earlier ones. Never throws: what can't be kept is asked again. */
export class TagAnswers {
  readonly #options: TagAnswersOptions;
  readonly #thisRun = new Map<string, TagAnswer>();
  readonly #journals = new Map<string, TagJournal>();
  #broken = false;

  constructor(options: TagAnswersOptions) {
    this.#options = options;
  }

  /** The answer that was had in this run, which is not asked for again. */
  inThisRun(key: TagKey): TagAnswer | undefined {
    return this.#thisRun.get(textOf(key));
  }

  /** The newest answer, however old. */
  async get(key: TagKey): Promise<TagAnswer | undefined> {
    return this.inThisRun(key) ?? (await this.#journal(key)?.get(key.repository, key.tag));
  }

  async record(key: TagKey, answer: TagAnswer): Promise<void> {
    this.#thisRun.set(textOf(key), answer);
    if (!this.#broken) await this.#attempt(this.#journal(key)?.record(key.repository, key.tag, answer));
  }

  /** Writes what isn't written yet. */
  async close(): Promise<void> {
    const { layout, clock } = this.#options;
    if (!layout || this.#broken) return;
    for (const journal of this.#journals.values()) {
      await this.#attempt(journal.close(clock.now(), layout.temporary));
    }
  }

  #journal(key: TagKey): TagJournal | undefined {
    const { layout } = this.#options;
    if (!layout) return undefined;
    const owner = `${key.registry}\n${key.identity}`;
    const known = this.#journals.get(owner);
    if (known) return known;
    const journal = new TagJournal(join(layout.tags, fileName(key.registry, owner)));
    this.#journals.set(owner, journal);
    return journal;
  }

  async #attempt(work: Promise<void> | undefined): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (this.#broken) return;
      this.#broken = true;
      this.#options.emit?.({
        type: 'warning',
        message: `what tags were seen to be can't be kept in ${this.#options.layout?.tags} (${systemCode(error)})`,
      });
    }
  }
}

function textOf(key: TagKey): string {
  return [key.registry, key.repository, key.tag, key.identity].join('\n');
}

/** The host for people, a hash to tell apart what the host's text alone may not. */
function fileName(registry: string, owner: string): string {
  const hash = createHash('sha256').update(owner).digest('hex').slice(0, 32);
  return `${registry.replace(/[^A-Za-z0-9.-]/g, '_').slice(0, 100)}-${hash}.jsonl`;
}

import type { EventSink } from '../../core/index.ts';
import { RegistryError } from '../errors.ts';
import type { Credential } from '../types.ts';
import { type AuthDocument, type AuthEntry, credentialOf, fromUserAndSecret } from './auth-document.ts';
import type { CredentialHelpers } from './helpers.ts';
import { canonicalHost, type KeyMatch, KeyTable } from './key-table.ts';
import { type CredentialTarget, kindOf, type LookupOptions, type TracedStore } from './source.ts';

export interface DocumentStoreOptions {
  /** Absent where programs must not run: documents that came with somebody's manifests. */
  readonly helpers?: CredentialHelpers;
  readonly emit?: EventSink;
}

/**
 * The credentials of one auth document: the helper named for the host, else the document's `credsStore`, then the
 * entries. A helper that fails is an error where the host needs it (it is named for the host, or the host has an empty
 * entry: a login whose secret the store keeps); elsewhere it is a warning, and the search goes on.
 */
export class DocumentStore implements TracedStore {
  readonly #document: AuthDocument;
  readonly #entries: KeyTable<AuthEntry>;
  /** Logins whose secret the credential store keeps. */
  readonly #empty: KeyTable<AuthEntry>;
  readonly #options: DocumentStoreOptions;
  readonly #warned = new Set<string>();

  constructor(document: AuthDocument, options: DocumentStoreOptions = {}) {
    this.#document = document;
    const entries = [...document.entries];
    this.#entries = new KeyTable(entries.filter(([, entry]) => !isEmpty(entry)));
    this.#empty = new KeyTable(entries.filter(([, entry]) => isEmpty(entry)));
    this.#options = options;
  }

  /** @throws RegistryError `unauthorized` where the credentials are there but can't be had. */
  async lookup(target: CredentialTarget, options: LookupOptions = {}): Promise<Credential | undefined> {
    const entry = this.#entries.find(target);
    const named = this.#document.helpers.find(target);
    const helper = named ? named.value : this.#document.credsStore;
    if (helper && this.#options.helpers) {
      const needed = named !== undefined || (entry === undefined && this.#empty.find(target) !== undefined);
      const credential = await this.#askHelper(helper, this.#options.helpers, { target, needed, options });
      if (credential) return credential;
    }
    return this.#fromEntry(entry, options);
  }

  #fromEntry(entry: KeyMatch<AuthEntry> | undefined, options: LookupOptions): Credential | undefined {
    const { source } = this.#document;
    if (!entry) {
      options.trace?.({ source, outcome: 'nothing', detail: 'no entry for it' });
      return undefined;
    }
    try {
      const credential = credentialOf(entry.value, entry.key, source);
      if (!credential) {
        options.trace?.({ source, outcome: 'nothing', detail: `the entry "${entry.key}" holds nothing` });
        return undefined;
      }
      options.trace?.({ source, outcome: 'found', detail: `${kindOf(credential)} for "${entry.key}"` });
      return credential;
    } catch (error) {
      options.trace?.({ source, outcome: 'failed', detail: `the entry "${entry.key}" can't be read` });
      throw error;
    }
  }

  async #askHelper(
    name: string,
    helpers: CredentialHelpers,
    { target, needed, options }: { target: CredentialTarget; needed: boolean; options: LookupOptions },
  ): Promise<Credential | undefined> {
    const program = `docker-credential-${name}`;
    const source = `${program} (${this.#document.source})`;
    const registry = canonicalHost(target.registry);
    const answer = await helpers.ask(name, registry, options);
    if (answer.kind === 'failed') {
      options.trace?.({ source, outcome: 'failed', detail: answer.problem });
      if (needed) throw helperError(program, registry, answer.problem, this.#document.source);
      this.#warn(program, registry, answer.problem);
      return undefined;
    }
    const credential =
      answer.kind === 'credential' ? fromUserAndSecret(answer.username, answer.secret, source) : undefined;
    options.trace?.({
      source,
      outcome: credential ? 'found' : 'nothing',
      detail: credential
        ? `${kindOf(credential)} for ${registry}`
        : `it knows no credentials for ${registry}`,
    });
    return credential;
  }

  #warn(program: string, registry: string, problem: string): void {
    if (this.#warned.has(program)) return;
    this.#warned.add(program);
    this.#options.emit?.({
      type: 'warning',
      message: `${program} (credsStore in ${this.#document.source}) gave no answer for ${registry}: ${problem}; going on without it`,
    });
  }
}

function isEmpty(entry: AuthEntry): boolean {
  return !(entry.auth || entry.username || entry.password || entry.identitytoken || entry.registrytoken);
}

function helperError(program: string, registry: string, problem: string, source: string): RegistryError {
  return new RegistryError(
    'unauthorized',
    `the credentials for ${registry} could not be had from ${program}: ${problem}`,
    { host: registry },
    {
      hint: `Install or repair ${program}, or take it out of ${source} and log in to ${registry} again.`,
      facts: { program, source },
    },
  );
}

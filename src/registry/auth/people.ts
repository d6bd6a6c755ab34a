import type { Clock } from '../../core/index.ts';
import { SharedFlights } from '../cache/shared-flights.ts';
import type { Credential, CredentialStore } from '../types.ts';
import { identityOf } from './identity.ts';

/** Who a repository is asked as. */
export interface Person {
  readonly credential: Credential | undefined;
  readonly identity: string;
  /** In the clock's milliseconds. */
  readonly lookedUpAt: number;
}

/** Credentials of one registry, looked up once a repository: a lookup may start a helper process. */
export class People {
  readonly #registry: string;
  readonly #store: CredentialStore;
  readonly #clock: Clock;
  readonly #known = new Map<string, Person>();
  readonly #lookups = new SharedFlights<Person>();

  constructor(registry: string, store: CredentialStore, clock: Clock) {
    this.#registry = registry;
    this.#store = store;
    this.#clock = clock;
  }

  async of(repository: string, signal?: AbortSignal): Promise<Person> {
    const known = this.#known.get(repository);
    if (known !== undefined) return known;
    return this.#lookups.run(repository, (shared) => this.#lookUp(repository, shared), signal);
  }

  /**
   * After a refusal: looks again where the credential is from before `since`, because those of cloud helpers expire. True
   * where another one came.
   */
  async changed(repository: string, since: number, signal?: AbortSignal): Promise<boolean> {
    const old = this.#known.get(repository);
    if (old?.credential === undefined || old.lookedUpAt >= since) return false;
    this.#known.delete(repository);
    const renewed = await this.of(repository, signal);
    return renewed.identity !== old.identity;
  }

  async #lookUp(repository: string, signal: AbortSignal): Promise<Person> {
    const credential = await this.#store.lookup({ registry: this.#registry, repository }, { signal });
    const identity = identityOf(this.#registry, credential);
    const person = { credential, identity, lookedUpAt: this.#clock.now() };
    this.#known.set(repository, person);
    return person;
  }
}

import { SharedFlights } from '../cache/shared-flights.ts';
import type { Engine } from '../http/engine.ts';
import { fetchToken, type Token, type TokenQuestion } from './token.ts';

/** A token and whether it was got for this caller just now, or had been there. */
export interface GivenToken {
  readonly token: Token;
  readonly fresh: boolean;
}

/** The tokens of one registry: one for each scope and identity, asked for once, renewed before they end. */
export class Tokens {
  readonly #engine: Engine;
  readonly #tokens = new Map<string, Token>();
  readonly #flights = new SharedFlights<Token>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async get(key: string, question: TokenQuestion, signal?: AbortSignal): Promise<GivenToken> {
    const token = this.#valid(key);
    if (token !== undefined) return { token, fresh: false };
    const fetched = await this.#flights.run(key, (shared) => this.#fetch(key, question, shared), signal);
    return { token: fetched, fresh: true };
  }

  /** Is a usable token there? */
  has(key: string): boolean {
    return this.#valid(key) !== undefined;
  }

  /** Drops a token that was refused, unless somebody renewed it meanwhile. */
  drop(key: string, authorization: string): void {
    if (this.#tokens.get(key)?.authorization === authorization) this.#tokens.delete(key);
  }

  #valid(key: string): Token | undefined {
    const token = this.#tokens.get(key);
    return token !== undefined && this.#engine.clock.now() < token.renewAt ? token : undefined;
  }

  async #fetch(key: string, question: TokenQuestion, signal: AbortSignal): Promise<Token> {
    const token = await fetchToken(this.#engine, question, signal);
    this.#tokens.set(key, token);
    return token;
  }
}

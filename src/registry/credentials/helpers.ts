import type { Clock } from '../../core/index.ts';
import { SharedFlights } from '../cache/shared-flights.ts';
import type { CallOptions } from '../types.ts';
import { askHelper, type Environment, type HelperAnswer, helperProgram } from './helper.ts';

/** Answers are kept for so long: what cloud helpers give expires within hours. */
const keptMs = 15 * 60 * 1000;

export interface HelpersOptions {
  /** `PATH` is looked at, and all of it is given to the programs. */
  readonly environment: Environment;
  /** Milliseconds one program may take. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

interface KnownAnswer {
  readonly answer: HelperAnswer;
  readonly at: number;
}

/** The credential helper programs, each asked once a host: answers and failures are kept for 15 minutes. */
export class CredentialHelpers {
  readonly #options: HelpersOptions;
  readonly #answers = new Map<string, KnownAnswer>();
  readonly #flights = new SharedFlights<HelperAnswer>();

  constructor(options: HelpersOptions) {
    this.#options = options;
  }

  /** Asks `docker-credential-NAME` for a host. Rejects only when aborted. */
  async ask(name: string, registry: string, options: CallOptions = {}): Promise<HelperAnswer> {
    const key = `${name} ${registry}`;
    const known = this.#answers.get(key);
    if (known && this.#options.clock.now() - known.at < keptMs) return known.answer;
    return this.#flights.run(key, (signal) => this.#run(key, name, registry, signal), options.signal);
  }

  async #run(key: string, name: string, registry: string, signal: AbortSignal): Promise<HelperAnswer> {
    const program = helperProgram(name);
    const answer: HelperAnswer =
      program === undefined
        ? { kind: 'failed', problem: 'that is no name of a program' }
        : await askHelper(program, serverAddress(registry), { ...this.#options, signal });
    this.#answers.set(key, { answer, at: this.#options.clock.now() });
    return answer;
  }
}

/** Docker Hub's credentials are kept under the address of its first API. */
function serverAddress(registry: string): string {
  return registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
}

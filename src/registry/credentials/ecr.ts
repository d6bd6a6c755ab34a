import * as z from 'zod';
import { type Clock, type EventSink, messageOf, systemClock } from '../../core/index.ts';
import { SharedFlights } from '../cache/shared-flights.ts';
import { RegistryError } from '../errors.ts';
import type { Credential } from '../types.ts';
import type { CredentialTarget, LookupOptions, TracedStore } from './source.ts';

/** Imports a package by name; rejects with `ERR_MODULE_NOT_FOUND` where it isn't installed. */
export type ImportModule = (name: string) => Promise<unknown>;

export interface EcrOptions {
  readonly importModule?: ImportModule;
  readonly clock?: Clock;
  readonly emit?: EventSink;
}

/** One of Amazon's registries. A token is good for every registry of its scope. */
interface EcrHost {
  readonly kind: 'private' | 'public';
  readonly region: string;
  readonly fips: boolean;
  readonly package: string;
  readonly client: string;
  readonly command: string;
}

interface Token {
  readonly username: string;
  readonly password: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

interface EcrClient {
  send(command: unknown, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
}

type Constructor<Product> = new (input: Readonly<Record<string, unknown>>) => Product;

const source = 'Amazon ECR (AWS SDK)';
const lifetimeMs = 12 * 60 * 60 * 1000;
const marginMs = 5 * 60 * 1000;
const requestTimeoutMs = 30_000;

const tokenSchema = z.object({
  authorizationToken: z.string().max(256 * 1024),
  expiresAt: z.date().nullish(),
});
const answerSchema = z.object({ authorizationData: z.union([z.array(tokenSchema).min(1), tokenSchema]) });

// A variable name keeps bundlers and the compiler from looking for the optional packages.
const importOptional: ImportModule = (name) => import(name);

/**
 * Credentials for Amazon's registries (`ACCOUNT.dkr.ecr.REGION.amazonaws.com`, `public.ecr.aws`) from the optional AWS
 * SDK: GetAuthorizationToken gives a user and a password for 12 hours, for a region's every registry. Without the SDK a
 * registry is asked anonymously, with a warning that names both ways out.
 */
export function ecrStore(options: EcrOptions = {}): TracedStore {
  return new EcrStore(options);
}

class EcrStore implements TracedStore {
  readonly #import: ImportModule;
  readonly #clock: Clock;
  readonly #emit: EventSink | undefined;
  readonly #tokens = new Map<string, Token>();
  readonly #failures = new Map<string, unknown>();
  readonly #flights = new SharedFlights<Token | undefined>();
  #warned = false;

  constructor(options: EcrOptions) {
    this.#import = options.importModule ?? importOptional;
    this.#clock = options.clock ?? systemClock;
    this.#emit = options.emit;
  }

  async lookup(target: CredentialTarget, options: LookupOptions = {}): Promise<Credential | undefined> {
    const host = ecrHost(target.registry);
    if (!host) return undefined;
    const token = await this.#token(host, target, options);
    if (!token) return undefined;
    options.trace?.({ source, outcome: 'found', detail: `password for ${host.region}` });
    return { username: token.username, password: token.password, source };
  }

  async #token(host: EcrHost, target: CredentialTarget, options: LookupOptions): Promise<Token | undefined> {
    const key = `${host.kind} ${host.region} ${host.fips}`;
    const known = this.#tokens.get(key);
    if (known && known.expiresAt - marginMs > this.#clock.now()) return known;
    try {
      if (this.#failures.has(key)) throw this.#failures.get(key);
      const token = await this.#flights.run(key, (signal) => this.#request(host, signal), options.signal);
      if (token) this.#tokens.set(key, token);
      else this.#sdkAbsent(host, target.registry, options);
      return token;
    } catch (error) {
      options.signal?.throwIfAborted();
      this.#failures.set(key, error);
      options.trace?.({ source, outcome: 'failed', detail: messageOf(error) });
      // The public gallery answers anonymously too; a private registry never does.
      if (host.kind === 'public') return undefined;
      throw tokenError(target.registry, error);
    }
  }

  /** Undefined where the SDK isn't installed. */
  async #request(host: EcrHost, signal: AbortSignal): Promise<Token | undefined> {
    const sdk = await this.#load(host);
    if (sdk === undefined) return undefined;
    const client = new (member<EcrClient>(sdk, host.client))({
      region: host.region,
      ...(host.fips ? { useFipsEndpoint: true } : {}),
    });
    const command = new (member<unknown>(sdk, host.command))({});
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
    return this.#read(await client.send(command, { abortSignal }));
  }

  async #load(host: EcrHost): Promise<unknown> {
    try {
      return await this.#import(host.package);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  #read(answer: unknown): Token {
    const data = answerSchema.parse(answer).authorizationData;
    const token = Array.isArray(data) ? data[0] : data;
    const decoded = Buffer.from(token?.authorizationToken ?? '', 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon < 0) throw new Error('the authorization token does not hold a user and a password');
    return {
      username: decoded.slice(0, colon),
      password: decoded.slice(colon + 1),
      expiresAt: token?.expiresAt?.getTime() ?? this.#clock.now() + lifetimeMs,
    };
  }

  #sdkAbsent(host: EcrHost, registry: string, options: LookupOptions): void {
    options.trace?.({ source, outcome: 'nothing', detail: `${host.package} is not installed` });
    if (host.kind === 'public' || this.#warned) return;
    this.#warned = true;
    this.#emit?.({
      type: 'warning',
      message: `no credentials for ${registry}, asking anonymously. ${waysToEcr}`,
    });
  }
}

const waysToEcr =
  'Log in with "aws ecr get-login-password" or set up docker-credential-ecr-login in Docker\'s config.json, or install the package @aws-sdk/client-ecr beside armload so that it can ask AWS itself.';

function tokenError(registry: string, cause: unknown): RegistryError {
  return new RegistryError(
    'unauthorized',
    `AWS gave no token for ${registry}: ${messageOf(cause)}`,
    { host: registry },
    {
      hint: 'Check the AWS credentials (profile, role, environment) and their ecr:GetAuthorizationToken permission, or log in with "aws ecr get-login-password".',
      cause,
    },
  );
}

/** The whole host must fit: a look-alike such as `….amazonaws.com.example.net` gets no token. */
function ecrHost(registry: string): EcrHost | undefined {
  const host = registry.toLowerCase();
  if (host === 'public.ecr.aws') {
    return {
      kind: 'public',
      region: 'us-east-1',
      fips: false,
      package: '@aws-sdk/client-ecr-public',
      client: 'ECRPUBLICClient',
      command: 'GetAuthorizationTokenCommand',
    };
  }
  const match =
    /^[0-9]{12}\.dkr[.-]ecr(-fips)?\.([a-z0-9-]{1,40})\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/.exec(host);
  if (!match?.[2]) return undefined;
  return {
    kind: 'private',
    region: match[2],
    fips: match[1] !== undefined,
    package: '@aws-sdk/client-ecr',
    client: 'ECRClient',
    command: 'GetAuthorizationTokenCommand',
  };
}

function member<Product>(sdk: unknown, name: string): Constructor<Product> {
  const found = typeof sdk === 'object' && sdk !== null ? (sdk as Record<string, unknown>)[name] : undefined;
  if (typeof found === 'function') return found as Constructor<Product>;
  throw new Error(`the AWS SDK has no ${name}`);
}

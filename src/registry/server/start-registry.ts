import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, messageOf, systemClock } from '../../core/index.ts';
import { DocumentError } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import { type BasicAuth, type BearerAuth, basicGate, type Gate, needOf, openGate } from './access.ts';
import { handleBlob } from './blob-handlers.ts';
import { type Context, methodNotAllowed } from './context.ts';
import { Exchange } from './exchange.ts';
import { handleCatalog, handleReferrers, handleTags } from './listing-handlers.ts';
import { handleManifest } from './manifest-handlers.ts';
import { Refusal } from './refusal.ts';
import { parseRoute, type Route } from './route.ts';
import { RegistryStore } from './store.ts';
import { bearerGate } from './tokens.ts';
import { handleUpload, handleUploads } from './upload-handlers.ts';
import { Uploads } from './uploads.ts';

/** One request that was answered. `path` has its query. */
export interface RegistryRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

export interface RegistryOptions {
  /** Where repositories are kept, one OCI layout folder each; made if it isn't there. */
  readonly directory: string;
  /** `127.0.0.1` unless told. */
  readonly host?: string;
  /** Any free port unless told. */
  readonly port?: number;
  /** Open to everybody unless told. */
  readonly auth?: BasicAuth | BearerAuth;
  /** Called when an answer begins: before the client can have seen it. */
  readonly onRequest?: (request: RegistryRequest) => void;
  /** Called with what the server itself got wrong; the client gets a 500 that doesn't say it. */
  readonly onError?: (error: unknown) => void;
  /** Bytes; 64 GiB unless told. */
  readonly maxBlobBytes?: number;
  /** Tags or names in one answer; 1000 unless told. */
  readonly pageSize?: number;
  /** Takes indexes whose manifests aren't there (yet); refused unless told, as docker-registry does. */
  readonly sparseIndexes?: boolean;
  /** For expiring tokens and idle uploads. */
  readonly clock?: Clock;
}

export interface RunningRegistry {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** `127.0.0.1:PORT`, as it stands in references. */
  readonly host: string;
  /** The last 10,000 requests, oldest first. Empty it to count anew. */
  readonly requests: RegistryRequest[];
  close(): Promise<void>;
}

const maxRequestLog = 10_000;
const defaultBlobBytes = 64 * 1024 ** 3;

/**
 * Starts a registry of the OCI distribution specification v1.1 over a folder: for demos, tests, and moving images
 * without a daemon. Not made for the open internet: there is no TLS and no rate limit.
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const clock = options.clock ?? systemClock;
  const store = new RegistryStore(options.directory, clock);
  await store.prepare();
  const uploads = new Uploads(store.uploadDirectory, options.maxBlobBytes ?? defaultBlobBytes, clock);
  await uploads.removeAbandoned();
  const requests: RegistryRequest[] = [];
  const gate = gateOf(options, () => `${urlOf(server)}/token`);
  const server = createServer((request, response) => {
    const exchange = new Exchange(request, response, (status) => {
      const entry = { method: exchange.method, path: request.url ?? '', status };
      if (requests.push(entry) > maxRequestLog) requests.shift();
      options.onRequest?.(entry);
    });
    void answer(
      { exchange, store, uploads, pageSize: 1000, sparseIndexes: false, ...options },
      gate,
      options,
    );
  });
  // A client that sends its headers a byte a minute is cut off; a large upload may take its time.
  server.headersTimeout = 20_000;
  server.requestTimeout = 0;
  server.keepAliveTimeout = 30_000;
  await listen(server, options);
  return { url: urlOf(server), host: hostOf(server), requests, close: () => close(server) };
}

function gateOf(options: RegistryOptions, realm: () => string): Gate {
  if (options.auth === undefined) return openGate;
  return options.auth.kind === 'basic'
    ? basicGate(options.auth)
    : bearerGate(options.auth, realm, options.clock);
}

async function answer(
  context: Omit<Context, 'identity'>,
  gate: Gate,
  options: RegistryOptions,
): Promise<void> {
  const { exchange } = context;
  exchange.response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
  exchange.response.setHeader('X-Content-Type-Options', 'nosniff');
  try {
    const route = parseRoute(exchange.path);
    if (route.kind === 'token') return await handleToken(exchange, gate);
    const identity = gate.admit(exchange, needOf(route, exchange.method));
    await dispatch({ ...context, identity }, route);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal.status >= 500 && !exchange.request.destroyed) options.onError?.(error);
    await exchange.refuse(refusal);
  }
}

async function handleToken(exchange: Exchange, gate: Gate): Promise<void> {
  if (gate.handleToken === undefined) throw new Refusal(404, 'UNSUPPORTED', 'this registry gives no tokens');
  await gate.handleToken(exchange);
}

async function dispatch(context: Context, route: Exclude<Route, { kind: 'token' }>): Promise<void> {
  switch (route.kind) {
    case 'base':
      if (context.exchange.method !== 'GET' && context.exchange.method !== 'HEAD')
        return methodNotAllowed('GET, HEAD');
      return context.exchange.json(200, {});
    case 'catalog':
      return handleCatalog(context);
    case 'tags':
      return handleTags(context, route.name);
    case 'manifest':
      return handleManifest(context, route);
    case 'blob':
      return handleBlob(context, route);
    case 'uploads':
      return handleUploads(context, route.name);
    case 'upload':
      return handleUpload(context, route.name, route.id);
    case 'referrers':
      return handleReferrers(context, route.name, route.digest);
  }
}

/** What is damaged on our side is our fault, and its cause is not for strangers. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const damaged = error instanceof RegistryError || error instanceof DocumentError;
  return new Refusal(500, 'UNKNOWN', damaged ? messageOf(error) : 'the registry failed');
}

function listen(
  server: Server<typeof IncomingMessage, typeof ServerResponse>,
  options: RegistryOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function hostOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

function urlOf(server: Server): string {
  return `http://${hostOf(server)}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

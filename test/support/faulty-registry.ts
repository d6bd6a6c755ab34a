import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Built } from '../../src/fixture/index.ts';
import { digestOf } from '../../src/oci/index.ts';
import { type Answer, type Fault, headersOf } from './faults.ts';
import { TokenDesk, type TokenDeskOptions } from './token-desk.ts';

export * as faults from './faults.ts';

/** A manifest as it is to be sent, right or wrong. */
export interface RawManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** When a fault strikes. */
export interface Behaviour {
  /** Part of the path with its query, or a pattern for it. */
  readonly on: string | RegExp;
  /** Any method unless told. */
  readonly method?: string;
  /** Lets so many matching requests pass first. */
  readonly skip?: number;
  /** Strikes so often, then no more; for ever unless told. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface FaultyRegistryOptions {
  /**
   * By `repository:tag` or `repository@digest`. What is built brings its blobs and children along; a raw manifest
   * under a digest that isn't its own is sent all the same.
   */
  readonly manifests?: Readonly<Record<string, Built | RawManifest>>;
  /** Faults, applied in this order to each request they match. */
  readonly behaviours?: readonly Behaviour[];
  /** Asks for bearer tokens. */
  readonly auth?: TokenDeskOptions;
}

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

export interface FaultyRegistry {
  /** `127.0.0.1:49152` */
  readonly host: string;
  /** Every request so far, in order, those for tokens included. */
  readonly requests: readonly SeenRequest[];
  close(): Promise<void>;
}

/** Starts a registry on loopback that reads well but for the scripted faults. It takes no uploads. */
export async function startFaultyRegistry(options: FaultyRegistryOptions = {}): Promise<FaultyRegistry> {
  const requests: SeenRequest[] = [];
  const store = new Store(options.manifests ?? {});
  const script = (options.behaviours ?? []).map((behaviour) => ({ behaviour, matched: 0 }));
  const desk = options.auth === undefined ? undefined : new TokenDesk(options.auth);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const origin = `http://${request.headers.host ?? ''}`;
    let current: Answer = desk?.answer(request, origin) ?? store.answer(request);
    for (const line of script) {
      const { on, method, skip = 0, times = Number.POSITIVE_INFINITY, fault } = line.behaviour;
      if (method !== undefined && method !== request.method) continue;
      if (typeof on === 'string' ? !path.includes(on) : !on.test(path)) continue;
      const before = line.matched - skip;
      line.matched += 1;
      if (before < 0 || before >= times) continue;
      const changed = await fault(current, { request, response, origin, before });
      if (changed === 'handled') return;
      current = changed;
    }
    response.writeHead(current.status, headersOf(current));
    response.end(request.method === 'HEAD' ? undefined : current.body);
  }

  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    requests.push({ method, path, authorization: headers.authorization, headers });
    request.resume();
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, requests, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}

const absent: Answer = {
  status: 404,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"errors":[{"code":"NAME_UNKNOWN","message":"not here"}]}'),
};

/** What the registry holds, and the answers it gives while nothing is wrong. */
class Store {
  readonly #manifests = new Map<string, RawManifest>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #tags = new Map<string, string[]>();

  constructor(manifests: Readonly<Record<string, Built | RawManifest>>) {
    for (const [key, manifest] of Object.entries(manifests)) {
      const [, repository = '', separator, target = ''] = /^([^@]+?)([:@])([^/]+)$/.exec(key) ?? [];
      const isBuilt = 'manifest' in manifest;
      if (isBuilt) this.#addBuilt(repository, manifest);
      const raw = isBuilt ? rawOf(manifest) : manifest;
      this.#manifests.set(`${repository}/${target}`, raw);
      if (separator !== ':') continue;
      this.#manifests.set(`${repository}/${digestOf(raw.bytes)}`, raw);
      this.#tags.set(repository, [...(this.#tags.get(repository) ?? []), target].sort());
    }
  }

  #addBuilt(repository: string, built: Built): void {
    const digest = built.manifest.descriptor.digest;
    // What was put under this digest by hand stays.
    if (!this.#manifests.has(`${repository}/${digest}`))
      this.#manifests.set(`${repository}/${digest}`, rawOf(built));
    for (const blob of built.blobs) this.#blobs.set(`${repository}/${blob.descriptor.digest}`, blob.bytes);
    for (const child of built.children) this.#addBuilt(repository, child);
  }

  answer(request: IncomingMessage): Answer {
    const { pathname } = new URL(request.url ?? '/', 'http://registry');
    if (pathname === '/v2/') return json({});
    const [, repository, kind, target = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(pathname) ?? [];
    if (repository === undefined) return absent;
    if (kind === 'tags') return this.#tagList(repository);
    if (kind === 'blobs') return blobAnswer(this.#blobs.get(`${repository}/${target}`), request);
    const manifest = this.#manifests.get(`${repository}/${target}`);
    if (manifest === undefined) return absent;
    const digest = target.includes(':') ? target : digestOf(manifest.bytes);
    return {
      status: 200,
      headers: { 'content-type': manifest.mediaType, 'docker-content-digest': digest },
      body: manifest.bytes,
    };
  }

  #tagList(repository: string): Answer {
    const tags = this.#tags.get(repository);
    return tags === undefined ? absent : json({ name: repository, tags });
  }
}

function rawOf(built: Built): RawManifest {
  return { mediaType: built.manifest.descriptor.mediaType, bytes: built.manifest.bytes };
}

function json(value: unknown): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** Whole, or from an offset on (RFC 9110, "Range Requests"). */
function blobAnswer(bytes: Uint8Array | undefined, request: IncomingMessage): Answer {
  if (bytes === undefined) return absent;
  const headers = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' };
  const from = Number(/^bytes=([0-9]+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
  if (!(from < bytes.length)) return { status: 200, headers, body: bytes };
  const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  return { status: 206, headers: { ...headers, 'content-range': range }, body: bytes.subarray(from) };
}

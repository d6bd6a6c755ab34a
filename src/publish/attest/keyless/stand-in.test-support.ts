import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  fulcioHandler,
  type HandlerFn,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  rekorHandler,
} from '@sigstore/mock';
import { TrustedRoot } from '@sigstore/protobuf-specs';

/** A certificate authority and a transparency log on this machine, with the identity provider of GitHub Actions. */
export interface StandIn {
  readonly url: string;
  /** What to trust to believe them. */
  readonly root: TrustedRoot;
  /** Path and Authorization of each request, oldest first. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[];
  /** Answers these paths with this instead, until it is taken out. */
  readonly instead: Map<string, { readonly status: number; readonly body: string }>;
  close(): Promise<void>;
}

export async function startStandIn(token: string): Promise<StandIn> {
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ctLog = await initializeCTLog(pair());
  const ca = await initializeCA(generateKeyPairSync('ec', { namedCurve: 'P-384' }), ctLog);
  const log = await initializeTLog('https://rekor.example', pair());
  const fulcio = fulcioHandler(ca);
  const rekor = rekorHandler({ ...log, log: (entry) => log.log(asRekorKeepsIt(entry as ProposedEntry)) });
  const handlers = new Map<string, HandlerFn>([
    [fulcio.path, fulcio.fn],
    [rekor.path, rekor.fn],
    ['/token', async () => ({ statusCode: 200, response: JSON.stringify({ value: token }) })],
  ]);
  const instead: StandIn['instead'] = new Map();
  const requests: StandIn['requests'] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://any.example').pathname;
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
    void bodyOf(request).then(async (body) => {
      const other = instead.get(path);
      const { statusCode, response: answer } = other
        ? { statusCode: other.status, response: other.body }
        : ((await handlers.get(path)?.(body)) ?? { statusCode: 404, response: '' });
      response.writeHead(statusCode, { 'content-type': 'application/json' }).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    root: rootOf(ca.rootCertificate, ctLog.publicKey, log.publicKey),
    requests,
    instead,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface ProposedEntry {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: {
    readonly proposedContent: { readonly envelope: string; readonly verifiers: readonly string[] };
  };
}

/** Rekor keeps hashes of an envelope and not the envelope; the library's log would keep what was proposed. */
function asRekorKeepsIt({ apiVersion, kind, spec }: ProposedEntry): object {
  const { envelope, verifiers } = spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
  const hash = (bytes: Buffer) => ({
    algorithm: 'sha256',
    value: createHash('sha256').update(bytes).digest('hex'),
  });
  return {
    apiVersion,
    kind,
    spec: {
      envelopeHash: hash(Buffer.from(envelope)),
      payloadHash: hash(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }, place) => ({ signature: sig, verifier: verifiers[place] })),
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}

function rootOf(certificate: ArrayBufferView, ctKey: Buffer, logKey: Buffer): TrustedRoot {
  const rawBytes = Buffer.from(certificate.buffer, certificate.byteOffset, certificate.byteLength);
  const instance = (key: Buffer) => ({
    baseUrl: 'https://rekor.example',
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: key.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256' },
    logId: { keyId: createHash('sha256').update(key).digest('base64') },
  });
  return TrustedRoot.fromJSON({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    certificateAuthorities: [{ certChain: { certificates: [{ rawBytes: rawBytes.toString('base64') }] } }],
    ctlogs: [instance(ctKey)],
    tlogs: [instance(logKey)],
  });
}

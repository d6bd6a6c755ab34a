import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { paragraph } from '../deb/deb.test-support.ts';
import type { AptSource } from '../sources/index.ts';
import type { ImageKeyrings } from '../trust/index.ts';
import { storedXz } from '../xz/xz.test-support.ts';

export type Files = Map<string, Uint8Array | ((request: IncomingMessage, response: ServerResponse) => void)>;

export interface RunningArchive {
  readonly origin: string;
  /** Paths asked for, in order. */
  readonly asked: readonly string[];
  readonly files: Files;
  close(): Promise<void>;
}

/** Serves these files on loopback; a function answers for itself. */
export async function serve(files: Files): Promise<RunningArchive> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    asked.push(path);
    const file = files.get(decodeURIComponent(path));
    if (typeof file === 'function') file(request, response);
    else if (file === undefined) response.writeHead(404).end('no such file');
    else response.writeHead(200, { 'content-length': file.length }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${port}`, asked, files, close };
}

/** A key pair, made for the test. */
export interface Signer {
  readonly publicArmored: string;
  readonly publicBytes: Uint8Array;
  readonly fingerprint: string;
  clearsign(text: string, date?: Date): Promise<string>;
  detach(text: string): Promise<string>;
}

export interface SignerOptions {
  readonly created?: Date;
  /** Seconds. */
  readonly lifetime?: number;
}

export async function makeSigner({ created, lifetime }: SignerOptions = {}): Promise<Signer> {
  const openpgp = await import('openpgp');
  const pair = await openpgp.generateKey({
    userIDs: [{ name: 'Archive' }],
    format: 'object',
    ...(created === undefined ? {} : { date: created }),
    ...(lifetime === undefined ? {} : { keyExpirationTime: lifetime }),
  });
  const { privateKey, publicKey } = pair;
  return {
    publicArmored: publicKey.armor(),
    publicBytes: publicKey.write(),
    fingerprint: publicKey.getFingerprint().toUpperCase(),
    async clearsign(text, date) {
      const message = await openpgp.createCleartextMessage({ text });
      return openpgp.sign({ message, signingKeys: privateKey, ...(date === undefined ? {} : { date }) });
    },
    async detach(text) {
      const message = await openpgp.createMessage({ binary: Buffer.from(text) });
      const signature = await openpgp.sign({
        message,
        signingKeys: privateKey,
        detached: true,
        format: 'armored',
      });
      return signature as string;
    },
  };
}

export interface OfferSpec {
  readonly fields: Readonly<Record<string, string>>;
  readonly file?: Uint8Array;
}

export interface ArchiveSpec {
  readonly packages: readonly OfferSpec[];
  readonly signer?: Signer;
  readonly suite?: string;
  readonly architecture?: string;
  /** How the index is compressed; xz unless told. */
  readonly index?: 'xz' | 'gz' | '';
  readonly byHash?: boolean;
  /** More fields of the Release file, or others. */
  readonly release?: Readonly<Record<string, string>>;
  /** The folder on the server; `debian` unless told. */
  readonly folder?: string;
}

export const now = Date.UTC(2026, 0, 15);

/** The files of an archive: InRelease, one index, and the packages. */
export async function archiveFiles(spec: ArchiveSpec): Promise<Files> {
  const { suite = 'stable', architecture = 'arm64', index = 'xz', byHash = true, folder = 'debian' } = spec;
  const files: Files = new Map();
  const path = `main/binary-${architecture}/Packages${index === '' ? '' : `.${index}`}`;
  const packages = Buffer.from(spec.packages.map((one) => `${paragraph(fieldsOf(one))}\n`).join(''));
  const bytes = index === 'xz' ? storedXz(packages) : index === 'gz' ? gzipSync(packages) : packages;
  const base = `${folder}/dists/${suite}`;
  for (const one of spec.packages)
    if (one.file !== undefined) files.set(`${folder}/${fieldsOf(one)['Filename']}`, one.file);
  files.set(
    byHash ? `${base}/main/binary-${architecture}/by-hash/SHA256/${sha256(bytes)}` : `${base}/${path}`,
    bytes,
  );
  const release = paragraph({
    Suite: suite,
    Codename: suite,
    Date: new Date(now - 3600_000).toUTCString(),
    'Valid-Until': new Date(now + 7 * 86_400_000).toUTCString(),
    Architectures: `all ${architecture}`,
    ...(byHash ? { 'Acquire-By-Hash': 'yes' } : {}),
    SHA256: `\n${sha256(bytes)} ${bytes.length} ${path}`,
    ...spec.release,
  });
  if (spec.signer === undefined) files.set(`${base}/Release`, Buffer.from(release));
  else
    files.set(
      `${base}/InRelease`,
      Buffer.from(await spec.signer.clearsign(release, new Date(now - 3600_000))),
    );
  return files;
}

function fieldsOf({ fields, file = new Uint8Array(0) }: OfferSpec): Readonly<Record<string, string>> {
  const { Package: name = '', Version: version = '', Architecture: architecture = 'arm64' } = fields;
  const filename = `pool/main/${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`;
  return {
    Package: name,
    Version: version,
    Architecture: architecture,
    Filename: filename,
    Size: String(file.length),
    SHA256: sha256(file),
    ...fields,
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function sourceAt(origin: string, more: Partial<AptSource> = {}): AptSource {
  return {
    file: 'etc/apt/sources.list',
    line: 1,
    uri: `${origin}/debian`,
    suite: 'stable',
    components: ['main'],
    trusted: false,
    checkValidUntil: true,
    ...more,
  };
}

export function keyringsOf(...signers: readonly Signer[]): ImageKeyrings {
  const trusted = signers.map(({ publicBytes }, at) => ({
    path: `/etc/apt/trusted.gpg.d/${at}.gpg`,
    bytes: publicBytes,
  }));
  return { trusted, named: new Map(trusted.map((keyring) => [keyring.path, keyring])) };
}

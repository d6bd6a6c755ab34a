import { UsageError } from '../../core/index.ts';
import { type AuthDocument, type AuthEntry, type AuthFormat, parseAuthDocument } from './auth-document.ts';
import { DocumentStore } from './document-store.ts';
import { KeyTable } from './key-table.ts';
import type { TracedStore } from './source.ts';

/** Kubernetes refuses Secrets above 1 MiB. */
const maxSecretBytes = 1024 * 1024;

/** What is needed of a Kubernetes Secret document. */
export interface PullSecret {
  readonly name: string;
  readonly namespace?: string | undefined;
  /** Base64, as the Secret's `data`. */
  readonly data?: Readonly<Record<string, string>> | undefined;
  /** Plain, as the Secret's `stringData`; wins over `data`, as in the API server. */
  readonly stringData?: Readonly<Record<string, string>> | undefined;
}

const formats: readonly (readonly [string, AuthFormat])[] = [
  ['.dockerconfigjson', 'config'],
  ['.dockercfg', 'dockercfg'],
];

/**
 * A store of image pull secrets (`kubernetes.io/dockerconfigjson` and `kubernetes.io/dockercfg`). Their keys are looked
 * at together, as the kubelet does: the longest match wins, then the earlier secret. Helper programs that a secret names
 * are never run.
 * @throws UsageError `CONFIG` naming the secret that holds neither key, or is malformed.
 */
export function pullSecretStore(secrets: readonly PullSecret[]): TracedStore {
  const entries = new Map<string, AuthEntry>();
  for (const document of secrets.map(readSecret)) {
    for (const [key, entry] of document.entries) if (!entries.has(key)) entries.set(key, entry);
  }
  return new DocumentStore({
    source: secrets.length === 0 ? 'pull secrets' : secrets.map(nameOf).join(', '),
    entries,
    helpers: new KeyTable<string>([]),
    credsStore: undefined,
  });
}

function readSecret(secret: PullSecret): AuthDocument {
  const source = nameOf(secret);
  for (const [key, format] of formats) {
    const content = contentOf(secret, key);
    if (content !== undefined) return parseAuthDocument(content, `${source}, ${key}`, format);
  }
  throw new UsageError(
    'CONFIG',
    `${source} is not an image pull secret: it has no .dockerconfigjson or .dockercfg`,
  );
}

function contentOf(secret: PullSecret, key: string): string | undefined {
  const plain = own(secret.stringData, key);
  if (plain !== undefined) return checkSize(plain, secret);
  const packed = own(secret.data, key)?.replace(/\s+/g, '');
  if (packed === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(checkSize(packed, secret))) {
    throw new UsageError('CONFIG', `${nameOf(secret)} is malformed: its ${key} is not base64`);
  }
  return Buffer.from(packed, 'base64').toString('utf8');
}

function own(record: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined;
}

function checkSize(content: string, secret: PullSecret): string {
  if (content.length <= 2 * maxSecretBytes) return content;
  throw new UsageError(
    'CONFIG',
    `${nameOf(secret)} is larger than a Secret may be (${maxSecretBytes} bytes)`,
  );
}

function nameOf(secret: PullSecret): string {
  return `Secret ${secret.namespace === undefined ? '' : `${secret.namespace}/`}${secret.name}`;
}

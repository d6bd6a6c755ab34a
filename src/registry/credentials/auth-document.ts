import * as z from 'zod';
import { UsageError } from '../../core/index.ts';
import { RegistryError } from '../errors.ts';
import type { Credential } from '../types.ts';
import { helperProgram } from './helper.ts';
import { jsonErrorPosition } from './json-position.ts';
import { KeyTable } from './key-table.ts';

const text = z.string().nullish();
const entrySchema = z.object({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
});
const entriesSchema = z.record(z.string(), entrySchema.nullish());
const configSchema = z.object({
  auths: entriesSchema.nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: text,
});

/** What an auth file holds for one key. All empty where a credential store keeps the secret. */
export type AuthEntry = z.output<typeof entrySchema>;

/**
 * `config`: Docker's `config.json`, Podman's `auth.json` and Kubernetes' `.dockerconfigjson`. `dockercfg`: the older
 * form, in which the entries are the whole document.
 */
export type AuthFormat = 'config' | 'dockercfg';

export interface AuthDocument {
  /** For people: a path, or a Secret's name and key. */
  readonly source: string;
  readonly entries: ReadonlyMap<string, AuthEntry>;
  /** Helper names (without `docker-credential-`) by key. An empty name means the file itself. */
  readonly helpers: KeyTable<string>;
  /** The helper for every other host. */
  readonly credsStore: string | undefined;
}

/**
 * Reads an auth document. What an entry holds is decoded only when a host needs it, so that one broken entry does not
 * stop the others.
 * @throws UsageError `CONFIG` with the source, and the position or the member at fault.
 */
export function parseAuthDocument(
  content: string,
  source: string,
  format: AuthFormat = 'config',
): AuthDocument {
  const document = parseJson(content, source);
  if (format === 'dockercfg') {
    return {
      source,
      entries: toMap(conform(entriesSchema, document, source)),
      helpers: new KeyTable<string>([]),
      credsStore: undefined,
    };
  }
  const config = conform(configSchema, document, source);
  const helpers = Object.entries(config.credHelpers ?? {});
  for (const [key, name] of helpers) checkHelper(name, `credHelpers["${key}"]`, source);
  checkHelper(config.credsStore ?? '', 'credsStore', source);
  return {
    source,
    entries: toMap(config.auths ?? {}),
    helpers: new KeyTable(helpers),
    credsStore: config.credsStore || undefined,
  };
}

/**
 * The credential of an entry; undefined where it holds none.
 * @throws RegistryError `unauthorized` where `auth` is not base64 of `user:password`.
 */
export function credentialOf(entry: AuthEntry, key: string, source: string): Credential | undefined {
  if (entry.registrytoken) return { registryToken: entry.registrytoken, source };
  const [username, password] = entry.auth
    ? decodeAuth(entry.auth, key, source)
    : [entry.username ?? '', entry.password ?? ''];
  if (entry.identitytoken) return identity(username, entry.identitytoken, source);
  return fromUserAndSecret(username, password, source);
}

/** The user `<token>` marks the secret as an identity token (docker-credential-helpers). */
export function fromUserAndSecret(username: string, secret: string, source: string): Credential | undefined {
  if (username === '' && secret === '') return undefined;
  if (username === '<token>') return { identityToken: secret, source };
  return { username, password: secret, source };
}

function identity(username: string, identityToken: string, source: string): Credential {
  return username === '' || username === '<token>'
    ? { identityToken, source }
    : { username, identityToken, source };
}

function decodeAuth(auth: string, key: string, source: string): [string, string] {
  const packed = auth.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(packed)) throw badEntry('its "auth" is not base64', key, source);
  const decoded = Buffer.from(packed, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) throw badEntry('its "auth" does not hold a user, a colon and a password', key, source);
  // Old clients padded the password with NUL bytes, and Docker cuts them off.
  return [decoded.slice(0, colon), trimNul(decoded.slice(colon + 1))];
}

function trimNul(padded: string): string {
  let end = padded.length;
  while (end > 0 && padded.charCodeAt(end - 1) === 0) end--;
  return padded.slice(0, end);
}

function badEntry(problem: string, key: string, source: string): RegistryError {
  return new RegistryError(
    'unauthorized',
    `the credentials for "${key}" in ${source} can't be read: ${problem}`,
    {},
    { hint: 'Log in to the registry again, or remove the entry.', facts: { source, key } },
  );
}

function parseJson(content: string, source: string): unknown {
  const body = content.replace(/^\uFEFF/, '');
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    const { line, column } = jsonErrorPosition(body);
    // No cause: the parser's message quotes the text, which holds secrets.
    throw new UsageError('CONFIG', `${source} is not valid JSON: line ${line}, column ${column}`, {
      hint: 'Repair or remove it. armload does not go on without the credentials it may hold.',
      facts: { source, line, column },
    });
  }
}

function conform<Schema extends z.ZodType>(
  schema: Schema,
  document: unknown,
  source: string,
): z.output<Schema> {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const member = issue?.path.length
    ? issue.path.map((part) => `["${String(part)}"]`).join('')
    : 'the document';
  throw new UsageError('CONFIG', `${source} is malformed at ${member}: ${issue?.message ?? 'invalid'}`, {
    facts: { source },
  });
}

function checkHelper(name: string, member: string, source: string): void {
  if (name === '' || helperProgram(name) !== undefined) return;
  throw new UsageError(
    'CONFIG',
    `${source} names a credential helper that can't be a program's name: ${member} is ${JSON.stringify(name.slice(0, 80))}`,
    { hint: 'A helper is named by letters, digits, "_", "." and "-" only.', facts: { source } },
  );
}

function toMap(entries: Record<string, AuthEntry | null | undefined>): ReadonlyMap<string, AuthEntry> {
  return new Map(Object.entries(entries).map(([key, entry]) => [key, entry ?? {}]));
}

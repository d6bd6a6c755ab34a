import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { type Clock, type EventSink, systemClock, UsageError } from '../../core/index.ts';
import type { CallOptions } from '../types.ts';
import { parseAuthDocument } from './auth-document.ts';
import { firstMatch } from './chain.ts';
import { DocumentStore } from './document-store.ts';
import { ecrStore, type ImportModule } from './ecr.ts';
import type { Environment } from './helper.ts';
import { CredentialHelpers } from './helpers.ts';
import type { TracedStore } from './source.ts';

/** Auth files above this are refused, bytes. */
const maxFileBytes = 4 * 1024 * 1024;
const defaultHelperTimeoutMs = 10_000;

export interface CredentialOptions extends CallOptions {
  /** Only this file is used, and it must be there. */
  readonly authFile?: string;
  /** Defaults to the process's. */
  readonly environment?: Environment;
  /** The home directory. */
  readonly home?: string;
  /** The user's number, for `/run/containers/NUMBER/auth.json`. */
  readonly userId?: number | undefined;
  /** Milliseconds a helper program may take; 10,000 unless told. */
  readonly helperTimeoutMs?: number;
  readonly emit?: EventSink;
  readonly clock?: Clock;
  /** Imports the optional AWS SDK. */
  readonly importModule?: ImportModule;
}

interface AuthFile {
  readonly path: string;
  /** A file that somebody named must be there. */
  readonly required: boolean;
}

/**
 * The credentials this user's tools have. Read at once, so that a broken file is told before any request: the containers
 * tools' files, Docker's, then the AWS SDK for Amazon's registries (containers-auth.json(5), `docker login`).
 * @throws UsageError `CONFIG` naming the file that can't be read or is malformed.
 */
export async function openCredentials(options: CredentialOptions = {}): Promise<TracedStore> {
  const environment = options.environment ?? process.env;
  const clock = options.clock ?? systemClock;
  const helpers = new CredentialHelpers({
    environment,
    clock,
    timeoutMs: options.helperTimeoutMs ?? defaultHelperTimeoutMs,
  });
  const storeOptions = { helpers, ...(options.emit ? { emit: options.emit } : {}) };
  const stores: TracedStore[] = [];
  if (options.authFile === undefined && environment['DOCKER_AUTH_CONFIG']) {
    const document = parseAuthDocument(environment['DOCKER_AUTH_CONFIG'], '$DOCKER_AUTH_CONFIG');
    stores.push(new DocumentStore(document, storeOptions));
  }
  for (const file of authFiles(options, environment)) {
    options.signal?.throwIfAborted();
    const content = await readAuthFile(file);
    stores.push(content === undefined ? absentFile(file.path) : fileStore(file.path, content, storeOptions));
  }
  if (options.authFile !== undefined) return firstMatch(stores);
  return firstMatch([...stores, ecrStore({ ...options, clock })]);
}

function authFiles(options: CredentialOptions, environment: Environment): readonly AuthFile[] {
  if (options.authFile !== undefined) return [{ path: options.authFile, required: true }];
  const home = options.home ?? homedir();
  const dockerDirectory = environment['DOCKER_CONFIG'] || join(home, '.docker');
  const docker = [join(dockerDirectory, 'config.json'), join(home, '.dockercfg')];
  const named = environment['REGISTRY_AUTH_FILE'];
  const containers = named ? [] : containersFiles(options, environment, home);
  return [
    ...(named ? [{ path: named, required: true }] : []),
    ...[...containers, ...docker].map((path) => ({ path, required: false })),
  ];
}

function containersFiles(
  options: CredentialOptions,
  environment: Environment,
  home: string,
): readonly string[] {
  const runtime = environment['XDG_RUNTIME_DIR'];
  const userId = 'userId' in options ? options.userId : process.getuid?.();
  const primary = runtime || (userId === undefined ? undefined : `/run/containers/${userId}`);
  const configured = environment['XDG_CONFIG_HOME'];
  const config = configured && isAbsolute(configured) ? configured : join(home, '.config');
  return [
    ...(runtime ? [join(runtime, 'containers/auth.json')] : primary ? [join(primary, 'auth.json')] : []),
    join(config, 'containers/auth.json'),
  ];
}

function fileStore(
  path: string,
  content: string,
  options: { helpers: CredentialHelpers; emit?: EventSink },
): TracedStore {
  const format = basename(path) === '.dockercfg' ? 'dockercfg' : 'config';
  return new DocumentStore(parseAuthDocument(content, path, format), options);
}

function absentFile(path: string): TracedStore {
  return {
    lookup(_target, options) {
      options?.trace?.({ source: path, outcome: 'nothing', detail: 'no such file' });
      return Promise.resolve(undefined);
    },
  };
}

/** Undefined where a file that nobody named is absent. */
async function readAuthFile(file: AuthFile): Promise<string | undefined> {
  let content: Buffer;
  try {
    content = await readBounded(file.path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if ((code === 'ENOENT' || code === 'ENOTDIR') && !file.required) return undefined;
    throw new UsageError('CONFIG', `the credentials file ${file.path} can't be read (${code})`, {
      hint: 'Repair it, or name another with --auth-file.',
      cause: error,
      facts: { path: file.path },
    });
  }
  if (content.length <= maxFileBytes) return content.toString('utf8');
  throw new UsageError('CONFIG', `the credentials file ${file.path} is larger than ${maxFileBytes} bytes`);
}

/** At most one byte over the limit: the path may lead to a device without end. */
async function readBounded(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    while (size <= maxFileBytes) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, null);
      if (bytesRead === 0) break;
      size += bytesRead;
      chunks.push(buffer.subarray(0, bytesRead));
    }
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

import { afterEach, expect } from 'vitest';
import { RegistryError } from '../errors.ts';
import { JumpingClock, type ScriptedServer } from '../http/scripted-server.test-support.ts';
import type { WritableRepository } from '../types.ts';
import { createRegistryClient, type RegistryClient, type RegistryClientOptions } from './client.ts';

const clients = new Set<RegistryClient>();
afterEach(async () => {
  await Promise.all([...clients].map((client) => client.close()));
  clients.clear();
});

/** An anonymous client that never really waits, closed after the test. */
export function testClient(options: RegistryClientOptions = {}): RegistryClient {
  const client = createRegistryClient({ clock: new JumpingClock(), random: () => 0.5, ...options });
  clients.add(client);
  return client;
}

/** The repository `team/app` of a server. */
export function repositoryOf(
  server: ScriptedServer,
  options: RegistryClientOptions = {},
): WritableRepository {
  return testClient(options).repository({ registry: server.host, repository: 'team/app' });
}

export async function failing(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RegistryError);
  return error as RegistryError;
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

export async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

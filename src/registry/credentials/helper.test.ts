import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ProgressEvent } from '../../core/index.ts';
import { parseAuthDocument } from './auth-document.ts';
import { DocumentStore } from './document-store.ts';
import { CredentialHelpers } from './helpers.ts';
import { explainLookup } from './source.ts';

let directory = '';
let now = 0;
const clock = { now: () => now, sleep: async () => undefined };

const scripts: Readonly<Record<string, string>> = {
  good: `
    const server = require('fs').readFileSync(0, 'utf8');
    require('fs').appendFileSync(process.env.CALLS, process.argv[2] + ' ' + server + '\\n');
    console.log(JSON.stringify({ ServerURL: server, Username: 'u', Secret: 's:' + server }));`,
  token: `console.log(JSON.stringify({ Username: '<token>', Secret: 'refresh' }));`,
  nothing: `console.log('credentials not found in native keychain'); process.exit(1);`,
  blank: `console.log('{"ServerURL":"","Username":"","Secret":""}');`,
  broken: `console.log('the keychain is locked {"Secret":"hunter2"}'); process.exit(3);`,
  garbage: `console.log('secret-garbage');`,
  endless: `setInterval(() => process.stdout.write('x'.repeat(65536)), 0);`,
  // A grandchild keeps stdout open after the helper is killed.
  hanging: `
    require('fs').writeFileSync(process.env.CALLS + '.pid', String(process.pid));
    require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 3000)'], { stdio: 'inherit' });
    setInterval(() => {}, 1000);`,
};

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'armload-helpers-'));
  for (const [name, code] of Object.entries(scripts)) {
    const file = join(directory, `docker-credential-${name}`);
    writeFileSync(file, `#!${process.execPath}\n${code}\n`, { mode: 0o755 });
  }
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function storeOf(
  document: unknown,
  options: { timeoutMs?: number; emit?: (event: ProgressEvent) => void } = {},
) {
  const helpers = new CredentialHelpers({
    environment: { PATH: directory, CALLS: join(directory, 'calls') },
    timeoutMs: options.timeoutMs ?? 10_000,
    clock,
  });
  return new DocumentStore(parseAuthDocument(JSON.stringify(document), 'config.json'), {
    helpers,
    ...(options.emit ? { emit: options.emit } : {}),
  });
}

const at = (registry: string) => ({ registry, repository: 'team/app' });

describe('a credential helper', () => {
  test('is asked once a host, however many ask at once, and Docker Hub by its old address', async () => {
    const calls = join(directory, 'calls');
    writeFileSync(calls, '');
    const store = storeOf({ credsStore: 'good' });
    const found = await Promise.all([
      store.lookup(at('h.io')),
      store.lookup(at('h.io')),
      store.lookup({ registry: 'h.io', repository: 'other' }),
      store.lookup(at('docker.io')),
    ]);
    await store.lookup(at('h.io'));
    expect(found.map((credential) => credential?.password)).toEqual([
      's:h.io',
      's:h.io',
      's:h.io',
      's:https://index.docker.io/v1/',
    ]);
    expect(found[0]?.source).toBe('docker-credential-good (config.json)');
    expect(readFileSync(calls, 'utf8').split('\n').filter(Boolean).sort()).toEqual([
      'get h.io',
      'get https://index.docker.io/v1/',
    ]);
  });

  test('is asked again after a quarter of an hour, because its tokens expire', async () => {
    const calls = join(directory, 'calls');
    writeFileSync(calls, '');
    const store = storeOf({ credsStore: 'good' });
    for (const minutes of [0, 14, 16]) {
      now = minutes * 60_000;
      await store.lookup(at('h.io'));
    }
    expect(readFileSync(calls, 'utf8')).toBe('get h.io\nget h.io\n');
  });

  test('of the host goes before credsStore, and an empty name means the file itself', async () => {
    const auth = Buffer.from('file:pw').toString('base64');
    const store = storeOf({
      auths: { 'plain.io': { auth } },
      credHelpers: { 'h.io': 'token', 'plain.io': '' },
      credsStore: 'good',
    });
    expect(await store.lookup(at('h.io'))).toMatchObject({ identityToken: 'refresh' });
    expect(await store.lookup(at('plain.io'))).toMatchObject({ username: 'file' });
    expect(await store.lookup(at('x.io'))).toMatchObject({ username: 'u' });
  });

  test.each(['nothing', 'blank'])('that answers with %s is no error: the file is next', async (name) => {
    const auth = Buffer.from('file:pw').toString('base64');
    expect(await storeOf({ credHelpers: { 'h.io': name } }).lookup(at('h.io'))).toBeUndefined();
    const store = storeOf({ auths: { 'h.io': { auth } }, credHelpers: { 'h.io': name } });
    expect(await store.lookup(at('h.io'))).toMatchObject({ username: 'file' });
  });

  test.each([
    ['absent', /there is no such program in PATH/],
    ['broken', /exit code 3: the keychain is locked/],
    ['garbage', /its answer is not JSON/],
    ['endless', /more than 262144 bytes/],
  ])(
    'that is %s is an error for the host that needs it, with the program in the hint',
    async (name, problem) => {
      const error = await storeOf({ credHelpers: { 'h.io': name } })
        .lookup(at('h.io'))
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        reason: 'unauthorized',
        message: expect.stringMatching(problem),
        hint: expect.stringContaining(`docker-credential-${name}`),
      });
      expect(JSON.stringify([error, String(error)])).not.toMatch(/hunter2|secret-garbage/);
    },
  );

  test('that hangs is killed at its time limit, whatever its children hold open', async () => {
    const started = Date.now();
    const store = storeOf({ credHelpers: { 'h.io': 'hanging' } }, { timeoutMs: 600 });
    await expect(store.lookup(at('h.io'))).rejects.toThrow(/did not answer within 0.6 s/);
    expect(Date.now() - started).toBeLessThan(5000);
    const pid = Number(readFileSync(join(directory, 'calls.pid'), 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
    const again = Date.now();
    await expect(store.lookup(at('h.io'))).rejects.toThrow(/did not answer/);
    expect(Date.now() - again).toBeLessThan(1000);
  });

  test('is left at once when its only asker aborts, and is asked afresh by the next', async () => {
    const store = storeOf({ credHelpers: { 'h.io': 'hanging', 'g.io': 'token' } });
    await expect(store.lookup(at('h.io'), { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    expect(await store.lookup(at('g.io'))).toMatchObject({ identityToken: 'refresh' });
  });

  test('for all hosts that fails is needed where the host has a login in it, elsewhere a warning', async () => {
    const events: ProgressEvent[] = [];
    const store = storeOf(
      { auths: { 'in.io': {} }, credsStore: 'absent' },
      { emit: (event) => void events.push(event) },
    );
    await expect(store.lookup(at('in.io'))).rejects.toMatchObject({ reason: 'unauthorized' });
    expect(await store.lookup(at('public.io'))).toBeUndefined();
    expect(await store.lookup(at('more.io'))).toBeUndefined();
    expect(events).toEqual([
      { type: 'warning', message: expect.stringMatching(/docker-credential-absent .*no such program/) },
    ]);
  });

  test('shows in an explanation, its secret does not', async () => {
    const store = storeOf({ credHelpers: { 'h.io': 'good', 'b.io': 'broken' } });
    const explanation = await explainLookup(store, at('h.io'));
    expect(explanation).toEqual({
      steps: [
        { source: 'docker-credential-good (config.json)', outcome: 'found', detail: 'password for h.io' },
      ],
      result: 'password from docker-credential-good (config.json)',
    });
    const failed = await explainLookup(store, at('b.io'));
    expect(failed.steps).toMatchObject([{ outcome: 'failed' }]);
    expect(failed.result).toMatch(/^failed: /);
    expect(JSON.stringify([explanation, failed])).not.toMatch(/s:h\.io|hunter2/);
  });
});

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type MadeWheel, sha256 } from './wheels.test-support.ts';

export interface ServedFile {
  readonly wheel: Pick<MadeWheel, 'file' | 'bytes'>;
  /** What the index says of it. */
  readonly sha256?: string | null;
  readonly yanked?: string | true;
  /** Where it's said to be. */
  readonly url?: string;
}

export interface IndexSpec {
  /** By normalized name of the project. */
  readonly projects: Readonly<Record<string, readonly ServedFile[]>>;
  readonly format?: 'json' | 'html';
  /** `name:password`; without it every answer is 401. */
  readonly login?: string;
  /** Answers instead of the index, where it gives true. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface RunningIndex {
  /** `http://127.0.0.1:PORT`, and the index there. */
  readonly origin: string;
  readonly url: string;
  /** Paths that were asked for, in order, and what they were asked with. */
  readonly asked: string[];
  readonly headers: IncomingMessage['headers'][];
  close(): Promise<void>;
}

/** A Simple repository API on loopback. */
export async function serveIndex(spec: IndexSpec): Promise<RunningIndex> {
  const asked: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    headers.push(request.headers);
    if (spec.answer?.(request, response) === true) return;
    const login = `Basic ${Buffer.from(spec.login ?? '').toString('base64')}`;
    if (spec.login !== undefined && request.headers.authorization !== login) response.writeHead(401).end();
    else answer(spec, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ origin, url: `${origin}/simple/`, asked, headers },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answer(spec: IndexSpec, request: IncomingMessage, response: ServerResponse): void {
  const [, folder, name = ''] = (request.url ?? '').split('/');
  const files = folder === 'simple' ? spec.projects[name] : undefined;
  const wheel = Object.values(spec.projects)
    .flat()
    .find((one) => folder === 'files' && decodeURIComponent(name) === one.wheel.file)?.wheel;
  if (wheel !== undefined) response.end(wheel.bytes);
  else if (files === undefined) response.writeHead(404).end();
  else if (spec.format === 'html') response.setHeader('content-type', 'text/html').end(htmlPage(files));
  else response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json').end(jsonPage(files));
}

function sumOf({ wheel, sha256: said }: ServedFile): string | undefined {
  return said === null ? undefined : (said ?? sha256(wheel.bytes));
}

function jsonPage(files: readonly ServedFile[]): string {
  const listed = files.map((one) => {
    const sum = sumOf(one);
    return {
      filename: one.wheel.file,
      url: one.url ?? `../../files/${encodeURIComponent(one.wheel.file)}`,
      hashes: sum === undefined ? {} : { sha256: sum },
      ...(one.yanked === undefined ? {} : { yanked: one.yanked }),
    };
  });
  return JSON.stringify({ meta: { 'api-version': '1.1' }, name: 'some', files: listed });
}

function htmlPage(files: readonly ServedFile[]): string {
  const links = files.map((one) => {
    const sum = sumOf(one);
    const href = `${one.url ?? `../../files/${encodeURIComponent(one.wheel.file)}`}${sum === undefined ? '' : `#sha256=${sum}`}`;
    const yanked = one.yanked === undefined ? '' : ` data-yanked="${one.yanked === true ? '' : one.yanked}"`;
    return `<a href="${href}" data-requires-python="&gt;=3.8"${yanked}>${one.wheel.file}</a><br>`;
  });
  return `<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="1.0"><title>some</title></head><body>\n<!-- <a href="no.whl"> -->\n${links.join('\n')}\n</body></html>`;
}

import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MeddledRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** From 1. */
  readonly number: number;
}

/** `lost`: the registry never sees it. `unanswered`: it does as asked, and nobody hears. A status answers in its place. */
export type Meddling = 'pass' | 'lost' | 'unanswered' | number;

export interface MeddlerOptions {
  /** Decides on each request; all pass unless told. It may take its time. */
  readonly meddle?: (request: MeddledRequest) => Meddling | Promise<Meddling>;
  /** Headers of answers that are taken away. */
  readonly strip?: readonly string[];
}

export interface MeddlingRegistry {
  /** `127.0.0.1:49152` */
  readonly host: string;
  readonly requests: readonly MeddledRequest[];
  close(): Promise<void>;
}

/** Stands before a real registry and passes all on, uploads too, but for what it is told to break. */
export async function startMeddler(target: string, options: MeddlerOptions = {}): Promise<MeddlingRegistry> {
  const { meddle = () => 'pass', strip = [] } = options;
  const [hostname, port] = target.split(':');
  const requests: MeddledRequest[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = { method: request.method ?? '', path: request.url ?? '/', number: requests.length + 1 };
    requests.push(entry);
    const what = await meddle(entry);
    if (what === 'lost') return void request.socket.destroy();
    if (typeof what === 'number') return refuse(request, response, what);
    const { method, url: path, headers } = request;
    const onward = send({ hostname, port, method, path, headers }, (answer) => {
      if (what === 'unanswered') {
        answer.resume().on('end', () => request.socket.destroy());
        return;
      }
      for (const name of strip) delete answer.headers[name];
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
  request.resume();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(request.method === 'HEAD' ? undefined : '{"errors":[{"code":"UNSUPPORTED"}]}');
}

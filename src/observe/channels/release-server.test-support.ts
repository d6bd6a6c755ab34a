import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Channels } from '../../catalog/index.ts';

export const image = 'flatcar_production_image.bin.bz2';
const names = [image, `${image}.sig`, `${image}.DIGESTS`];

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server with the layout of Flatcar's: `/CHANNEL/ARCH-usr/VERSION|current/version.txt` and the images beside it. */
export interface ReleaseServer {
  readonly origin: string;
  /** Where its channels are, for a product. */
  readonly channels: Omit<Channels, 'list'>;
  /** `GET /stable/arm64-usr/current/version.txt`, in order. */
  readonly requests: string[];
  /** A release with all its files; the newest of its channel and architecture. */
  release(channel: string, architecture: string, version: string): void;
  remove(path: string): void;
  answer(path: string, answer: Answer | number | string): void;
  close(): Promise<void>;
}

export async function startReleaseServer(): Promise<ReleaseServer> {
  const answers = new Map<string, Answer | number | string>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(`${request.method} ${path}`);
    const answer = answers.get(path) ?? 404;
    if (typeof answer === 'function') answer(request, response);
    else {
      response.statusCode = typeof answer === 'number' ? answer : 200;
      response.end(typeof answer === 'number' ? '' : answer);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const place = `${origin}/{channel}/{architecture}-usr/{version}`;
  return {
    origin,
    requests,
    channels: {
      version: `${place}/version.txt`,
      variable: 'FLATCAR_VERSION',
      latest: 'current',
      files: names.map((name) => `${place}/${name}`),
    },
    release(channel, architecture, version) {
      const [, , patch = '0'] = version.split('.');
      const text = `FLATCAR_BUILD=${version.split('.')[0]}\nFLATCAR_PATCH=${patch}\nFLATCAR_VERSION=${version}\nFLATCAR_VERSION_ID=${version}\nFLATCAR_BUILD_ID="2021-12-01-1000"\n`;
      const folder = `/${channel}/${architecture}-usr`;
      for (const name of [version, 'current']) {
        answers.set(`${folder}/${name}/version.txt`, text);
        for (const file of names) answers.set(`${folder}/${name}/${file}`, 'bytes');
      }
    },
    remove: (path) => {
      answers.delete(path);
    },
    answer: (path, answer) => {
      answers.set(path, answer);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

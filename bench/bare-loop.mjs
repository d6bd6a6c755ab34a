// The limit: the same requests as a cold scan, sent by nothing but undici with the same connections. Reads
// `host repository tag` lines from stdin.
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';

const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const queue = readFileSync(0, 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' '));
const pool = new Pool(`http://${queue[0][0]}`, { connections: 8 });
let requests = 0;

async function get(path) {
  requests += 1;
  const { statusCode, body } = await pool.request({ method: 'GET', path, headers: { accept } });
  const bytes = await body.text();
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
  return JSON.parse(bytes);
}

await Promise.all(
  Array.from({ length: 8 }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [, repository, tag] = next;
      const manifest = await get(`/v2/${repository}/manifests/${tag}`);
      if (manifest.config) await get(`/v2/${repository}/blobs/${manifest.config.digest}`);
    }
  }),
);
await pool.close();
console.log(requests);

// Debian's docker-registry on loopback, over a folder of its own that goes with it, or over one that is given and stays.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export async function startDockerRegistry(given) {
  const folder = given ?? mkdtempSync(join(tmpdir(), 'armload-bench-registry-'));
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const config = join(folder, `config-${port}.yml`);
  writeFileSync(
    config,
    `version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: ${folder}/data\nhttp:\n  addr: 127.0.0.1:${port}\n`,
  );
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const failed = new Promise((_, reject) => child.on('error', reject));
  await Promise.race([failed, answers(`http://127.0.0.1:${port}/v2/`)]);
  return {
    host: `127.0.0.1:${port}`,
    stop: async () => {
      child.kill();
      await new Promise((resolve) => child.on('exit', resolve));
      rmSync(given === undefined ? folder : config, { recursive: true, force: true });
    },
  };
}

async function answers(url) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (
      await fetch(url).then(
        (response) => response.ok,
        () => false,
      )
    )
      return;
    await delay(100);
  }
  throw new Error(`${url} does not answer`);
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

const time = 20_000;

/** Where a program is on the PATH of an environment. */
export async function onPath(program: string, environment: Environment): Promise<string | undefined> {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const file = join(folder, program);
    const isProgram = await access(file, constants.X_OK).then(
      async () => (await stat(file)).isFile(),
      () => false,
    );
    if (isProgram) return file;
  }
  return undefined;
}

/**
 * What npm itself takes for its registry, where it's installed; `undefined` where it isn't, or doesn't say.
 * @throws the signal's reason.
 */
export async function askNpm(
  environment: Environment,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const npm = await onPath('npm', environment);
  if (npm === undefined) return undefined;
  const options = {
    // Settings of the folder that armload was started in are not the image's.
    cwd: folder,
    env: { ...environment },
    timeout: time,
    maxBuffer: 64 * 1024,
    ...(signal && { signal }),
  };
  const said = await new Promise<string | undefined>((resolve) => {
    execFile(npm, ['config', 'get', 'registry'], options, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
  });
  signal?.throwIfAborted();
  return said?.trim();
}

/** The lines of a file, one at a time. */
function* linesOf(bytes: Uint8Array): Generator<string, undefined, undefined> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < buffer.length; ) {
    const end = buffer.indexOf(0x0a, at);
    const next = end < 0 ? buffer.length : end;
    yield buffer.toString('latin1', at, Math.min(next, at + maxLine));
    at = next + 1;
  }
  return undefined;
}

/** No line that counts is longer; descriptions may be. */
const maxLine = 256;

/**
 * `Architecture` of each installed package in dpkg's status file (deb-control(5)). Without a `Status` field, as in distroless
 * images, a package is there.
 */
export function* dpkgArchitectures(bytes: Uint8Array): Generator<string, undefined, undefined> {
  let architecture: string | undefined;
  let isInstalled = true;
  for (const line of linesOf(bytes)) {
    if (line.startsWith('Architecture:')) architecture = line.slice('Architecture:'.length).trim();
    // want, flag, status: `install ok installed`.
    if (line.startsWith('Status:')) isInstalled = line.trim().endsWith(' installed');
    if (line !== '') continue;
    if (architecture !== undefined && isInstalled) yield architecture;
    architecture = undefined;
    isInstalled = true;
  }
  if (architecture !== undefined && isInstalled) yield architecture;
  return undefined;
}

/** The field `A:` of each package (Alpine, "Apk spec"). */
export function* apkArchitectures(bytes: Uint8Array): Generator<string, undefined, undefined> {
  for (const line of linesOf(bytes)) if (line.startsWith('A:')) yield line.slice(2).trim();
  return undefined;
}

/** Is it an address that can be asked: http or https, with a host? */
export function isHttpAddress(url: string): boolean {
  return /^https?:\/\/[^/?#]/i.test(url) && URL.canParse(url);
}

/** Can nobody on the way change what comes? What was read in the clear vouches for nothing, unless from this machine. */
export function isSafeServer(url: string): boolean {
  if (!isHttpAddress(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname);
}

/** As `URL.hostname` gives it. A name that only begins like an address of this machine is somebody else's. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** The address with a slash at its end, to which names are added; without a fragment. */
export function asFolder(url: string): string {
  const address = new URL(url);
  if (!address.pathname.endsWith('/')) address.pathname += '/';
  address.hash = '';
  return address.href;
}

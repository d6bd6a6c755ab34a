// What begins with a hyphen could be read as an option by git or by the ssh under it.
const hostStart = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@\s]*@)?[^-/\s]/i;

/** Protocols of git that run no program of the address's choosing and can't be changed on the way. */
const gitProtocols: readonly string[] = ['https:', 'ssh:', 'git:', 'file:'];
/** An archive is held against its checksum, so that it matters little how it comes. */
const archiveProtocols: readonly string[] = ['https:', 'http:', 'file:'];

/** Why git shouldn't be given this address, or `undefined`. */
export function gitAddressProblem(address: string): string | undefined {
  return addressProblem(address, gitProtocols);
}

/** Why an archive can't be had from this address, or `undefined`. */
export function archiveAddressProblem(address: string): string | undefined {
  return addressProblem(address, archiveProtocols);
}

function addressProblem(address: string, protocols: readonly string[]): string | undefined {
  const spelled = protocols.map((protocol) => `${protocol}//`).join(', ');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !protocols.includes(url.protocol)) return `is no address with ${spelled}`;
  if (/\s/.test(address)) return 'holds a space';
  if (url.password !== '') return 'holds a password';
  const local = url.protocol === 'file:' && /^file:\/\/\/[^/]/i.test(address);
  return local || (url.protocol !== 'file:' && hostStart.test(address)) ? undefined : 'names no host';
}

/** Why git would not take the text as a branch, tag or full ref (`refs/pull/1/head`), or `undefined`. By git-check-ref-format. */
export function refProblem(ref: string): string | undefined {
  if (ref.startsWith('-')) return 'begins with "-", as an option does';
  const refused = /[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|^[/+]|[/.]$|(?:^|\/)\.|\.lock(?:\/|$)|^@$/u;
  return ref === '' || ref.length > 255 || refused.test(ref) ? 'is no name of a branch or tag' : undefined;
}

/** 40 hexadecimal digits, as git prints them. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

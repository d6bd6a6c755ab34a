import { BlockList, isIP } from 'node:net';

const loopback = blockList([
  ['127.0.0.0', 8],
  ['::1', 128],
]);
// RFC 1918, RFC 6598, RFC 4193: networks of one's own.
const privateNets = blockList([
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['fc00::', 7],
]);
// RFC 3927 and RFC 4291, where cloud metadata services live; "this host" and unspecified addresses with them.
const linkLocal = blockList([
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
  ['fe80::', 10],
  ['::', 128],
]);

const privateSuffixes = ['.local', '.internal', '.intranet', '.lan', '.corp', '.home.arpa', '.localhost'];

function blockList(nets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of nets)
    list.addSubnet(address, prefix, address.includes(':') ? 'ipv6' : 'ipv4');
  return list;
}

/** What a host name says of where it is. Names are judged by their text only: nothing is resolved. */
export type HostPlace = 'loopback' | 'link-local' | 'private' | 'public';

/** `hostname` as WHATWG URLs give it: lower case, IPv6 in brackets, odd IPv4 spellings normalised. */
export function placeOf(hostname: string): HostPlace {
  const bare = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const version = isIP(bare);
  if (version === 0) return placeOfName(bare.toLowerCase());
  const family = version === 4 ? 'ipv4' : 'ipv6';
  // BlockList matches IPv4-mapped IPv6 addresses against IPv4 rules by itself.
  if (loopback.check(bare, family)) return 'loopback';
  if (linkLocal.check(bare, family)) return 'link-local';
  return privateNets.check(bare, family) ? 'private' : 'public';
}

function placeOfName(name: string): HostPlace {
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback';
  if (!name.includes('.') || privateSuffixes.some((suffix) => name.endsWith(suffix))) return 'private';
  return 'public';
}

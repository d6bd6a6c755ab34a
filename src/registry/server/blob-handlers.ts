import type { Digest } from '../../oci/index.ts';
import { type Context, methodNotAllowed, requireRepository } from './context.ts';
import { Refusal } from './refusal.ts';

interface Target {
  readonly name: string;
  readonly digest: Digest;
}

/** `/v2/NAME/blobs/DIGEST` */
export async function handleBlob(context: Context, target: Target): Promise<void> {
  switch (context.exchange.method) {
    case 'GET':
    case 'HEAD':
      return getBlob(context, target);
    case 'DELETE':
      return deleteBlob(context, target);
    default:
      return methodNotAllowed('GET, HEAD, DELETE');
  }
}

/** Not hashed again on the way out: blobs are checked when they come in, and every client checks what it pulls. */
async function getBlob(context: Context, target: Target): Promise<void> {
  const { exchange } = context;
  const { digest } = target;
  const { blobs } = await requireRepository(context, target.name);
  const size = await blobs.size(digest);
  if (size === undefined) throw unknownBlob(target);
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Accept-Ranges': 'bytes',
  };
  if (exchange.method === 'HEAD') return exchange.empty(200, { ...headers, 'Content-Length': String(size) });
  if (exchange.header('if-none-match')?.includes(headers.ETag)) return exchange.empty(304, headers);
  const range = parseRange(exchange.header('range'), size);
  if (range === undefined)
    return exchange.stream(200, blobs.read(digest), { ...headers, 'Content-Length': String(size) });
  return exchange.stream(206, blobs.read(digest, { range }), {
    ...headers,
    'Content-Length': String(range.end - range.start + 1),
    'Content-Range': `bytes ${range.start}-${range.end}/${size}`,
  });
}

/**
 * One byte range (RFC 9110, 14.1.2), both ends included. `undefined` where the whole is to be sent: no range, another
 * unit, or several ranges at once.
 * @throws Refusal 416
 */
function parseRange(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  const match = /^bytes=\s*([0-9]{0,16})-([0-9]{0,16})\s*$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2])];
  const range =
    match[1] === ''
      ? { start: Math.max(0, size - to), end: size - 1 }
      : { start: from, end: match[2] === '' ? size - 1 : Math.min(to, size - 1) };
  if (range.start < size && range.start <= range.end && !(match[1] !== '' && match[2] !== '' && to < from))
    return range;
  throw new Refusal(416, 'SIZE_INVALID', `the range is outside the ${size} bytes of the blob`, {
    headers: { 'Content-Range': `bytes */${size}` },
  });
}

async function deleteBlob(context: Context, target: Target): Promise<void> {
  const repository = await requireRepository(context, target.name);
  if (await repository.isManifest(target.digest))
    throw new Refusal(405, 'UNSUPPORTED', `${target.digest} is a manifest: delete it as one`);
  if ((await repository.blobs.size(target.digest)) === undefined) throw unknownBlob(target);
  await repository.blobs.remove(target.digest);
  context.exchange.empty(202);
}

function unknownBlob(target: Target): Refusal {
  return new Refusal(404, 'BLOB_UNKNOWN', `${target.name} has no blob ${target.digest}`, {
    detail: { digest: target.digest },
  });
}

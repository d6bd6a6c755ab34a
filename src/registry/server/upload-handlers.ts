import type { Digest } from '../../oci/index.ts';
import { type Context, methodNotAllowed } from './context.ts';
import { Refusal } from './refusal.ts';
import { digestOf, isRepositoryName } from './route.ts';
import type { Upload } from './uploads.ts';

/** `/v2/NAME/blobs/uploads/`: starts an upload, takes a whole blob at once, or mounts one from elsewhere. */
export async function handleUploads(context: Context, name: string): Promise<void> {
  const { exchange } = context;
  if (exchange.method !== 'POST') return methodNotAllowed('POST');
  const mount = exchange.query.get('mount');
  const whole = exchange.query.get('digest');
  if (mount !== null && (await mountBlob(context, name, digestOf(mount)))) return;
  const digest = whole === null ? undefined : digestOf(whole);
  const upload = await context.uploads.start(name);
  if (digest === undefined) return accepted(context, upload, 202);
  await appendBody(context, upload);
  return finish(context, upload, digest);
}

/** `/v2/NAME/blobs/uploads/ID` */
export async function handleUpload(context: Context, name: string, id: string): Promise<void> {
  const { exchange, uploads } = context;
  const upload = uploads.get(name, id);
  switch (exchange.method) {
    case 'GET':
      return accepted(context, upload, 204);
    case 'PATCH':
      return alone(upload, async () => {
        await appendBody(context, upload);
        accepted(context, upload, 202);
      });
    case 'PUT':
      return alone(upload, () => putUpload(context, upload));
    case 'DELETE':
      return alone(upload, async () => {
        await uploads.discard(upload);
        exchange.empty(204);
      });
    default:
      return methodNotAllowed('GET, PATCH, PUT, DELETE');
  }
}

async function putUpload(context: Context, upload: Upload): Promise<void> {
  const text = context.exchange.query.get('digest');
  if (text === null) throw new Refusal(400, 'DIGEST_INVALID', 'the digest parameter is missing');
  const digest = digestOf(text);
  await appendBody(context, upload);
  return finish(context, upload, digest);
}

/** Two requests on one upload at once would mix their bytes. */
async function alone(upload: Upload, work: () => Promise<void>): Promise<void> {
  if (upload.busy) throw new Refusal(409, 'BLOB_UPLOAD_INVALID', 'another request is writing to this upload');
  upload.busy = true;
  try {
    await work();
  } finally {
    upload.busy = false;
  }
}

async function appendBody(context: Context, upload: Upload): Promise<void> {
  const { exchange, uploads } = context;
  const length = exchange.contentLength;
  const range = exchange.header('content-range');
  if (range !== undefined) checkContentRange(range, upload, length);
  await uploads.append(upload, exchange.body(), length);
}

/** @throws Refusal 416 for a chunk out of order, 400 for a header that can't be meant. */
function checkContentRange(header: string, upload: Upload, length: number | undefined): void {
  const match = /^(?:bytes )?([0-9]{1,16})-([0-9]{1,16})(?:\/.*)?$/.exec(header);
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || end < start)
    throw new Refusal(400, 'BLOB_UPLOAD_INVALID', `the Content-Range "${header.slice(0, 100)}" is no range`);
  if (start !== upload.offset)
    throw new Refusal(416, 'BLOB_UPLOAD_INVALID', `the next chunk starts at ${upload.offset}, not ${start}`, {
      headers: progressHeaders(upload),
    });
  if (length !== undefined && length !== end - start + 1)
    throw new Refusal(
      400,
      'SIZE_INVALID',
      `the Content-Range has ${end - start + 1} bytes, the body ${length}`,
    );
}

async function finish(context: Context, upload: Upload, digest: Digest): Promise<void> {
  await context.uploads.verify(upload, digest);
  const repository = await context.store.createRepository(upload.repository);
  await repository.blobs.adopt(upload.path, digest);
  await context.uploads.discard(upload);
  created(context, upload.repository, digest);
}

/**
 * From the repository named, or from any where none is named (distribution-spec, "Mounting a blob from another
 * repository"); only from where the client may pull. False where it is not to be had: then the upload begins.
 */
async function mountBlob(context: Context, name: string, digest: Digest): Promise<boolean> {
  const from = context.exchange.query.get('from');
  const sources = from === null ? await context.store.names() : [from];
  for (const source of sources) {
    if (!isRepositoryName(source) || !context.identity.allows(source, 'pull')) continue;
    const repository = await context.store.repository(source);
    if (repository === undefined || (await repository.blobs.size(digest)) === undefined) continue;
    const target = await context.store.createRepository(name);
    if (target !== repository) await target.blobs.share(repository.blobs, digest);
    created(context, name, digest);
    return true;
  }
  return false;
}

function created(context: Context, name: string, digest: Digest): void {
  context.exchange.empty(201, {
    Location: `/v2/${name}/blobs/${digest}`,
    'Docker-Content-Digest': digest,
  });
}

function accepted(context: Context, upload: Upload, status: 202 | 204): void {
  context.exchange.empty(status, progressHeaders(upload));
}

/** An upload without a byte says `0-0`, as docker-registry does: the notation has no word for nothing. */
function progressHeaders(upload: Upload): Readonly<Record<string, string>> {
  return {
    Location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    Range: `0-${Math.max(0, upload.offset - 1)}`,
    'Docker-Upload-UUID': upload.id,
  };
}

import type {
  CallOptions,
  Destination,
  ImageAccess,
  OpenedImage,
  WritableRepository,
} from '../../registry/index.ts';
import type { Spool, Turns } from '../fetch/index.ts';

export interface SharedAccessParts {
  readonly layers: Spool;
  readonly turns: Turns;
  /** Bytes that the spool keeps. */
  readonly maxBytes?: number;
}

type Layers = OpenedImage['layers'];

const defaultBytes = 4 * 1024 ** 3;

/** Reads a layer once, whoever wants it, and uploads it once to a registry: other repositories there mount it. */
export function sharedAccess(access: ImageAccess, parts: SharedAccessParts): ImageAccess {
  const places = new Map<string, string>();
  return {
    open: async (location, pullSecrets) => {
      const opened = await access.open(location, pullSecrets);
      // What is on this machine is read from where it is.
      return location.transport === 'registry' ? spooledImage(opened, parts) : opened;
    },
    openWritable: async (location) => sharedDestination(await access.openWritable(location), parts, places),
    close: () => access.close(),
  };
}

function spooledImage(opened: OpenedImage, parts: SharedAccessParts): OpenedImage {
  const { repository, layers } = opened;
  // Configs are in the cache when they are copied.
  const read = new Set<string>();
  const spooled = spooledLayers(layers, parts);
  return {
    subject: opened.subject,
    repository: {
      name: repository.name,
      resolve: (...args) => repository.resolve(...args),
      manifest: (...args) => repository.manifest(...args),
      tags: (...args) => repository.tags(...args),
      referrers: (...args) => repository.referrers(...args),
      blob: (descriptor, options) => {
        read.add(descriptor.digest);
        return repository.blob(descriptor, options);
      },
    },
    layers: {
      name: layers.name,
      blob: (descriptor, options) =>
        (read.has(descriptor.digest) ? repository : spooled).blob(descriptor, options),
    },
  };
}

function spooledLayers(
  layers: Layers,
  { layers: spool, maxBytes = defaultBytes }: SharedAccessParts,
): Layers {
  return {
    name: layers.name,
    blob: async function* (descriptor, options = {}) {
      // A few of these would push all others out.
      if (descriptor.size > maxBytes / 4) return yield* layers.blob(descriptor, options);
      const key = `${descriptor.digest} ${descriptor.size}`;
      const start = (signal: AbortSignal) => Promise.resolve({ body: layers.blob(descriptor, { signal }) });
      const { body } = await spool.through(key, start, options);
      yield* body;
    },
  };
}

function sharedDestination(
  destination: Destination,
  { turns }: SharedAccessParts,
  places: Map<string, string>,
): Destination {
  const { home } = destination;
  if (home === undefined) return destination;
  return {
    ...destination,
    begin: async (options) =>
      sharedUploads(
        await destination.begin(options),
        { turns, places, registry: home.registry },
        home.repository,
      ),
  };
}

interface Uploads {
  readonly turns: Turns;
  /** By registry and digest, a repository that has it. */
  readonly places: Map<string, string>;
  readonly registry: string;
}

function sharedUploads(
  inner: WritableRepository,
  { turns, places, registry }: Uploads,
  repository: string,
): WritableRepository {
  return {
    name: inner.name,
    resolve: (...args) => inner.resolve(...args),
    manifest: (...args) => inner.manifest(...args),
    blob: (...args) => inner.blob(...args),
    tags: (...args) => inner.tags(...args),
    referrers: (...args) => inner.referrers(...args),
    hasBlob: (...args) => inner.hasBlob(...args),
    putManifest: (...args) => inner.putManifest(...args),
    putBlob: (blob, source, options: CallOptions & { readonly mountFrom?: readonly string[] } = {}) => {
      const key = `${registry} ${blob.digest}`;
      const put = async () => {
        const known = places.get(key);
        const mountFrom = [
          ...(known === undefined || known === repository ? [] : [known]),
          ...(options.mountFrom ?? []),
        ];
        const action = await inner.putBlob(blob, source, { ...options, mountFrom: [...new Set(mountFrom)] });
        places.set(key, repository);
        return action;
      };
      // Whoever comes second finds it there to be mounted.
      return turns.take(`upload ${key}`, put, options.signal);
    },
  };
}

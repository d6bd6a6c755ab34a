import { join } from 'node:path';
import { redact } from '../../../core/index.ts';
import type { ViewEntry } from '../../../layer/index.ts';
import { type Fetch, FileStore } from '../../fetch/index.ts';
import type { DotnetSettings } from '../../options.ts';
import type {
  Material,
  Origin,
  OriginContext,
  OriginPlan,
  PlacedAddition,
  PortImage,
  Refusal,
} from '../../origin-types.ts';
import type { PathPlan } from '../../plan-types.ts';
import { type Environment, findSources } from './configuration.ts';
import { type DotnetProgram, findPrograms, inFolder, wantedDotnet } from './find-programs.ts';
import { type DotnetLimits, defaultDotnetLimits } from './limits.ts';
import { failure, fileRefusal, type RefusedWhy } from './refusals.ts';
import { forMachine } from './rids.ts';
import { NugetSource } from './source.ts';
import { type TakeParts, takeHost } from './take-host.ts';
import { takeNative } from './take-native.ts';
import type { NewFile, Taken } from './types.ts';

export interface DotnetParts {
  /** Where NuGet's configuration and proxies are named; `process.env` unless told. */
  readonly environment?: Environment;
  /** HTTP with the environment's proxies unless told. */
  readonly fetch?: Fetch;
  readonly limits?: Partial<DotnetLimits>;
}

/**
 * Programs of .NET that take the runtime from the image as an origin. The host that starts one is made anew from the SDK's
 * template for the new machine, and libraries of packages are those of the same version for it; assemblies are neutral.
 */
export function dotnetOrigin(settings: DotnetSettings = {}, parts: DotnetParts = {}): Origin {
  return {
    name: 'dotnet',
    wanted: wantedDotnet,
    async plan(image, context) {
      const programs = findPrograms(image, context.taken);
      const draft = new Draft(image);
      const open = programs.filter((program) => !draft.refuseWhole(program));
      for (const program of open) draft.refuseAhead(program);
      const wanted = open.filter(({ host, natives }) => host !== undefined || natives.length > 0);
      if (wanted.length > 0) await takeAll(wanted, draft, { context, settings, parts });
      return draft.plan();
    },
  };
}

/** What is said of the programs so far. */
class Draft {
  readonly image: PortImage;
  readonly #paths = new Map<string, PathPlan>();
  readonly #added: PlacedAddition[] = [];
  readonly #refusals: Refusal[] = [];
  readonly #materials = new Map<string, Material>();

  constructor(image: PortImage) {
    this.image = image;
  }

  /** A runtime for the old machine can't be exchanged file by file. */
  refuseWhole(program: DotnetProgram): boolean {
    const { config, folder, foreign, host } = program;
    const runtime = foreign.find(({ path }) => path === inFolder(folder, 'libcoreclr.so'));
    const first = host ?? runtime ?? foreign[0];
    if ((!config.isSelfContained && runtime === undefined) || first === undefined) return false;
    const others = foreign.filter((file) => file !== first);
    this.refuse(program, [first, ...others], {
      kind: 'no-counterpart',
      why: `${program.name} is self-contained: the runtime of .NET for the old machine is part of it`,
      lift: 'Publish it for the platform (dotnet publish -r linux-arm64), or framework-dependent on a base with .NET.',
    });
    return true;
  }

  refuseAhead(program: DotnetProgram): void {
    const [first, ...others] = program.ahead;
    if (first === undefined) return;
    this.refuse(program, [first, ...others], {
      kind: 'no-counterpart',
      why: `it was compiled ahead for the old machine (ReadyToRun), and .NET's runtime on another refuses such an assembly`,
      lift: 'Publish the program without ReadyToRun (-p:PublishReadyToRun=false), or for the platform.',
    });
  }

  refuse(program: DotnetProgram, files: readonly [ViewEntry, ...ViewEntry[]], why: RefusedWhy): void {
    this.#refusals.push(fileRefusal(program, files, why));
  }

  /** `to`: the path of the new file where the old one stays. */
  take(file: ViewEntry, found: NewFile, to?: string): void {
    const { content, facts, size, sha256 } = found;
    const origin = `${found.package.name} ${found.package.version}`;
    const own = { kind: 'file' as const, content, facts, size, sha256, origin };
    const why = `${origin} has it for the new machine`;
    const { view, baseLayers } = this.image;
    const { mode, uid, gid, mtime } = file.entry;
    if (to !== undefined)
      this.#added.push({ ...own, path: to, why, mode, uid, gid, mtime, layer: file.layer - baseLayers });
    else
      for (const path of view.links(file.path))
        if ((view.lookup(path)?.layer ?? -1) >= baseLayers)
          this.#paths.set(path, { action: 'replace', why, with: own });
    this.#materials.set(found.package.sha256, materialOf(found));
  }

  plan(): OriginPlan {
    return {
      paths: this.#paths,
      added: this.#added,
      refusals: this.#refusals,
      materials: [...this.#materials.values()],
      notes: [],
    };
  }
}

function materialOf({ package: { name, version, url, sha256, size } }: NewFile): Material {
  const address = new URL(url);
  address.username = '';
  address.password = '';
  return {
    ...{ origin: 'dotnet', name, version, uri: redact(address.href), sha256, size },
    purl: `pkg:nuget/${encodeURIComponent(name)}@${encodeURIComponent(version)}`,
  };
}

interface Work {
  readonly context: OriginContext;
  readonly settings: DotnetSettings;
  readonly parts: DotnetParts;
}

async function takeAll(programs: readonly DotnetProgram[], draft: Draft, work: Work): Promise<void> {
  const { context, settings, parts } = work;
  const { environment = process.env } = parts;
  const { cache, clock, signal, folder, onEvent } = context;
  const limits = { ...defaultDotnetLimits, ...parts.limits };
  const found = await findSources(settings.sources, { environment, signal });
  if (found.kind === 'none') {
    for (const program of programs) refuseUnsourced(program, draft, found.why);
    return;
  }
  onEvent?.({ type: 'phase', phase: 'fetching NuGet packages', total: programs.length });
  const store = new FileStore({
    ...{ folder: join(cache, 'packages'), clock, signal, environment, fetch: parts.fetch },
    spool: context.sharing?.downloads,
    limits: { fileBytes: limits.packageBytes, time: limits.time },
  });
  const sources = found.sources.map((url) => new NugetSource(url, store, limits));
  const take: TakeParts = { sources, image: draft.image, limits, folder, signal };
  try {
    for (const [index, program] of programs.entries()) {
      await takeProgram(program, draft, take);
      onEvent?.({ type: 'progress', done: index + 1, total: programs.length });
    }
  } finally {
    await store.close();
  }
}

function refuseUnsourced(program: DotnetProgram, draft: Draft, why: string): void {
  const [first, ...others] = [
    ...(program.host === undefined ? [] : [program.host]),
    ...program.natives.map(({ file }) => file),
  ];
  if (first === undefined) return;
  draft.refuse(program, [first, ...others], {
    ...{ kind: 'package', undetermined: true },
    why: `where its parts for the new machine could be had is not known: ${why}`,
    lift: 'Name a source in port.dotnet.sources of the configuration, or configure NuGet for one.',
  });
}

async function takeProgram(program: DotnetProgram, draft: Draft, parts: TakeParts): Promise<void> {
  const { host, natives, folder, listed } = program;
  const { source, target } = draft.image;
  if (host !== undefined) {
    const taken = await attempt(`the host of ${program.name}`, parts, () => takeHost(program, parts));
    if (taken.kind === 'refused') draft.refuse(program, [host], taken.why);
    else draft.take(host, taken.file);
  }
  for (const native of natives) {
    const { file, asset } = native;
    const name = `${asset.package} ${asset.version}`;
    const taken = await attempt(name, parts, () => takeNative(native, parts));
    const path = forMachine(asset.path, source.architecture, target.architecture);
    if (taken.kind === 'refused') draft.refuse(program, [file], taken.why);
    else if (!asset.isByPlatform) draft.take(file, taken.file);
    else if (path !== undefined && listed.has(path)) draft.take(file, taken.file, inFolder(folder, path));
    else draft.refuse(program, [file], unlisted(name, program));
  }
}

/** The runtime loads by platform what deps.json lists, and nothing else. */
function unlisted(name: string, program: DotnetProgram): RefusedWhy {
  return {
    kind: 'no-counterpart',
    why: `${name} has a library for the new machine, and ${program.name}.deps.json does not list it`,
    lift: 'Publish the program for the platform, or for all.',
  };
}

async function attempt(name: string, { signal }: TakeParts, step: () => Promise<Taken>): Promise<Taken> {
  try {
    return await step();
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: 'refused', why: failure(name, error) };
  }
}

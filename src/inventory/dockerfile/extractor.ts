import { parsePlatform } from '../../oci/index.ts';
import type { Problem } from '../../results/index.ts';
import { maxProblemsPerFile } from '../limits.ts';
import { LineIndex } from '../line-index.ts';
import { ownText } from '../own-text.ts';
import { foundUse } from '../reference-text.ts';
import { baseName, firstSignificantLine, mayBeData } from '../source-name.ts';
import type { ExtractOptions, Extractor, FoundUse, FoundWorkload, Inventory, SourceText } from '../types.ts';
import { parseDockerfile } from './instructions.ts';
import { type Mention, readStages, type Stage } from './stages.ts';

type FoundConstraint = FoundWorkload['constraints'][number];

/**
 * Dockerfiles and Containerfiles: the images of `FROM`, `COPY --from`, `RUN --mount=from=` and `# syntax=`, with the
 * defaults of build arguments filled in and names of stages told apart from images. A workload is a stage.
 */
export const dockerfileExtractor: Extractor = { kind: 'dockerfile', recognizes, extract };

const fromLine =
  /^[ \t]*(?:FROM|from)[ \t]+(?:--platform=\S{1,200}[ \t]+)?[^\s\\`]\S*(?:[ \t]+[Aa][Ss][ \t]+\S+)?[ \t]*$/m;

function recognizes({ path, text }: SourceText): boolean {
  const name = baseName(path);
  if (name.endsWith('.dockerignore') || !mayBeData(path)) return false;
  if (/^(?:docker|container)file(?:\.|$)|\.(?:docker|container)file$/.test(name)) return true;
  return /^\s*(?:FROM|from|ARG|arg)[ \t]/.test(firstSignificantLine(text)) && fromLine.test(text);
}

async function extract(source: SourceText, options: ExtractOptions): Promise<Inventory> {
  options.signal?.throwIfAborted();
  const lines = new LineIndex(source.text);
  const file = parseDockerfile(source.text);
  const result = readStages(file);
  const { stages } = result;
  const finalChain = chainOf(stages);
  const uses: FoundUse[] = [];
  const workloads: FoundWorkload[] = [];
  const place = { source, lines };
  if (file.syntax !== undefined)
    uses.push(useOf({ written: file.syntax.text, offset: file.syntax.offset }, place));
  for (const stage of stages) {
    const name = ownText(`stage ${stage.name ?? stage.index}`);
    const images = [...(stage.base.kind === 'image' ? [stage.base.image] : []), ...stage.mentions];
    for (const image of images) uses.push(useOf(image, place, name));
    const constraints = platformConstraint(stage, finalChain.has(stage.index), place);
    if (images.length === 0 && constraints.length === 0) continue;
    const { line } = lines.at(stage.offset);
    workloads.push({ name, source: 'dockerfile', file: source.path, line, constraints });
  }
  return { uses, workloads, problems: problemsOf(result, place) };
}

interface Place {
  readonly source: SourceText;
  readonly lines: LineIndex;
}

function useOf(image: Mention, { source, lines }: Place, workload?: string): FoundUse {
  const { written, resolved, unresolved } = image;
  return foundUse(
    {
      written: ownText(written),
      ...(resolved === undefined ? {} : { resolved: ownText(resolved) }),
      unresolved,
    },
    {
      source: 'dockerfile',
      file: source.path,
      ...lines.at(image.offset),
      ...(workload === undefined ? {} : { workload }),
    },
  );
}

/** The last stage and those it starts from: what the built image is made on. */
function chainOf(stages: readonly Stage[]): ReadonlySet<number> {
  const chain = new Set<number>();
  let stage = stages.at(-1);
  while (stage !== undefined) {
    chain.add(stage.index);
    stage = stage.base.kind === 'stage' ? stages[stage.base.stage] : undefined;
  }
  return chain;
}

/**
 * What `--platform` ties the image to. Only a fixed platform under the final image does: stages beside it run at
 * build time, where the builder chooses. `$TARGETPLATFORM` is what every stage has without the flag.
 */
function platformConstraint(stage: Stage, isFinal: boolean, { source, lines }: Place): FoundConstraint[] {
  const { platform } = stage;
  if (platform === undefined || /^\$\{?TARGETPLATFORM\}?$/.test(platform.text)) return [];
  const usesBuilder = /^\$\{?BUILDPLATFORM\}?$/.test(platform.text);
  if (usesBuilder && !isFinal) return [];
  const parsed = parsePlatform(stage.platformText ?? '');
  const required = isFinal && parsed !== undefined;
  return [
    {
      kind: 'platform',
      text: ownText(`--platform=${platform.text}`),
      architectures: required ? [parsed.architecture] : [],
      required,
      file: source.path,
      ...lines.at(platform.offset),
    },
  ];
}

function problemsOf(result: ReturnType<typeof readStages>, { source, lines }: Place): Problem[] {
  const file = source.path;
  if (result.stages.length === 0 && result.faults.length === 0)
    return [{ file, message: 'it has the name of a Dockerfile and no FROM instruction' }];
  return result.faults
    .slice(0, maxProblemsPerFile)
    .map(({ offset, message }) => ({ file, ...lines.at(offset), message }));
}

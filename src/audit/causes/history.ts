import { redact } from '../../core/index.ts';
import { architecturesIn, isForeignText } from '../facts/machine-words.ts';
import { listOf, nameOf, shown } from './evidence.ts';
import type { Cause, Evidence, ForeignLayer } from './types.ts';

// Each repetition is bounded, so that a hostile line costs no more than it is long.
const targetArgument = /\bTARGET(?:ARCH|PLATFORM)=["']?[\w./-]{1,32}/g;
const fixedSetting =
  /(?:\b(?:GOARCH|CARGO_BUILD_TARGET|npm_config_arch)=|--(?:platform|target)[= ])["']?[\w./-]{1,64}/g;
const address = /https?:\/\/[^\s"'<>|;&)]{1,2000}/g;
const maxAddress = 200;

/**
 * `ARG TARGETARCH=amd64`: a default in the Dockerfile hides what BuildKit sets. BuildKit writes the arguments that a step
 * saw before it: `RUN |1 TARGETARCH=amd64 /bin/sh -c …`.
 */
export function targetDefault(evidence: Evidence): readonly Cause[] {
  for (const { createdBy = '' } of evidence.subject.config.history) {
    const argument = foreignIn(createdBy.match(targetArgument), evidence);
    if (argument === undefined) continue;
    const text = `a build step saw ${argument}: likely the ARG has that default, which hides the value that BuildKit sets, or all of it was built for that platform; see ${shown(createdBy)}`;
    return [{ text, layers: [] }];
  }
  return [];
}

/** A machine that is fixed in the line of a layer with foreign code. */
export function fixedSettings(evidence: Evidence): readonly Cause[] {
  return ofLines(evidence, (layer, line) => {
    const setting = foreignIn(line.match(fixedSetting), evidence);
    return setting && `${nameOf(layer)} was likely made for one platform only: it has ${setting}`;
  });
}

/** A download for another machine in the line of a layer with foreign code. */
export function fixedDownloads(evidence: Evidence): readonly Cause[] {
  return ofLines(evidence, (layer, line) => {
    const url = foreignIn(line.match(address), evidence);
    return (
      url && `${nameOf(layer)} likely downloads for one platform only: ${redact(url).slice(0, maxAddress)}`
    );
  });
}

/** A program that was copied from a build stage. */
export function copiedPrograms(evidence: Evidence, explained: ReadonlySet<ForeignLayer>): readonly Cause[] {
  // On a foreign base, all of it may have been built for that machine: no stage stands out.
  if (evidence.base !== undefined) return [];
  return evidence.layers
    .filter((layer) => layer.isCopied && !explained.has(layer))
    .map((layer) => ({ text: copiedText(evidence, layer), layers: [layer] }));
}

function copiedText({ subject }: Evidence, layer: ForeignLayer): string {
  const machines = listOf(layer.architectures);
  if (isForeignText(layer.origin.createdBy ?? '', subject.platform))
    return `${nameOf(layer)} names ${machines}: likely the wrong folder of the build output was copied`;
  const reason = layer.code.some(isGo)
    ? 'GOARCH was not set from TARGETARCH'
    : 'the build was not told the target, or the output of the build machine was copied';
  return `${nameOf(layer)} gives ${machines} code: likely the stage it comes from built for ${machines}; perhaps ${reason}`;
}

function isGo({ entry, innerPath }: ForeignLayer['code'][number]): boolean {
  const { facts } = entry.entry;
  return innerPath === '' && facts?.kind === 'elf' && facts.elf.go !== undefined;
}

function ofLines(
  { layers }: Evidence,
  textOf: (layer: ForeignLayer, line: string) => string | undefined,
): readonly Cause[] {
  return layers.flatMap((layer) => {
    const text = textOf(layer, layer.origin.createdBy ?? '');
    return text === undefined ? [] : [{ text, layers: [layer] }];
  });
}

/** The first text that names a machine whose code was found, and not the platform's. */
function foreignIn(
  texts: readonly string[] | null,
  { subject, architectures }: Evidence,
): string | undefined {
  return texts?.find(
    (text) =>
      isForeignText(text, subject.platform) &&
      [...architecturesIn(text)].some((architecture) => architectures.has(architecture)),
  );
}

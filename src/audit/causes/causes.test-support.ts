import { executable, type Machine, writeElf } from '../../fixture/index.ts';
import { type Digest, type Platform, parsePlatform } from '../../oci/index.ts';
import { foreignCodeIn } from '../native.ts';
import { type SubjectSpec, subjectOf } from '../subject.test-support.ts';
import type { ForeignCode, Subject } from '../types.ts';
import { likelyCauses, type Sibling } from './index.ts';

export const baseLine = 'ADD file:ffff in / ';
export const copyLine = 'COPY /out/app /usr/bin/app # buildkit';

export function base(machine: Machine) {
  return [executable('bin/sh', writeElf({ machine, interpreter: true, needed: ['libc.so.6'] }))];
}

export function app(machine: Machine) {
  return [executable('usr/bin/app', writeElf({ machine }))];
}

interface Made {
  readonly subject: Subject;
  readonly foreign: readonly ForeignCode[];
}

/** All foreign code of the image, taken for used. */
export async function made(
  spec: Partial<SubjectSpec> & Pick<SubjectSpec, 'layers'>,
  verdict: ForeignCode['verdict'] = 'reachable',
): Promise<Made> {
  const subject = await subjectOf(spec);
  const foreign = [...subject.view.entries()].flatMap((entry) =>
    entry.entry.facts === undefined
      ? []
      : foreignCodeIn(entry.entry.facts, subject.platform).map(({ os, architecture, path }) => ({
          entry,
          innerPath: path,
          os,
          architecture,
          verdict,
          role: 'entrypoint',
          because: '',
        })),
  );
  return { subject, foreign };
}

export function platform(text: string): Platform {
  const parsed = parsePlatform(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

interface Around {
  readonly siblings?: readonly Sibling[];
  readonly index?: string;
  readonly config?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function causesOf({ subject, foreign }: Made, around: Around = {}): readonly string[] {
  const { siblings = [], index = 'linux/arm64', config = index, annotations = {} } = around;
  const labels = { index: platform(index), config: platform(config) };
  return likelyCauses(subject, { foreign, labels, annotations, siblings });
}

export const otherManifest: Digest = `sha256:${'5'.repeat(64)}`;

export async function siblingOf(layers: SubjectSpec['layers'], name = 'linux/amd64'): Promise<Sibling> {
  const { subject } = await made({ layers, platform: name });
  return {
    platform: platform(name),
    manifest: otherManifest,
    layers: subject.layers.map(({ descriptor }) => descriptor.digest),
  };
}

export function digestOf({ subject }: Made, layer: number): string {
  return subject.layers[layer]?.descriptor.digest.slice(0, 19) ?? 'none';
}

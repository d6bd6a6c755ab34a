import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { staticLibraryOf, zipOf } from '../audit/foreign/artifacts.test-support.ts';
import { directory, file, symlink, whiteout, writeElf } from '../fixture/index.ts';
import type { TarMember } from '../tar/index.ts';
import { amd, hardlink, ofBase, opaque, x86, x86Library } from './adversarial.test-support.ts';

const contents: Readonly<Record<string, Uint8Array>> = {
  text: Buffer.from('text\n'),
  script: Buffer.from('#!/bin/sh\nexec env\n'),
  orphan: Buffer.from('#!/usr/bin/lost\n'),
  x86,
  x86Library,
  arm64: writeElf({ machine: 'arm64' }),
  baseProgram: ofBase('usr/bin/dash').body as Uint8Array,
  baseLibrary: ofBase(`${amd}/libz.so.1`).body as Uint8Array,
  archive: gzipSync(x86),
  jar: zipOf([{ name: 'n/libx.so', data: x86Library }]),
  linkInput: staticLibraryOf({ name: 'x.o', data: x86 }),
  both: Buffer.concat([Buffer.from('#!/bin/sh\n'), x86]),
};

const folders = [
  'opt',
  'opt/own',
  'usr/bin',
  'bin',
  'lib',
  'lib64',
  'usr/lib',
  amd,
  `${amd}/plug`,
  'srv',
  'link',
  'tests/data',
];
const names = [
  'a',
  'b',
  'tool',
  'dash',
  'libz.so.1',
  'libsecret.so.1',
  'a.so',
  'libonly.so.1',
  'x-linux-amd64',
];
const targets = [
  `/${amd}/libz.so.1`,
  `/${amd}/libonly.so.1`,
  '/opt/own',
  '../bin/dash',
  'b',
  '/opt/a',
  '../../../../etc',
  '/lib64',
];

const path = fc
  .tuple(fc.constantFrom(...folders), fc.constantFrom(...names))
  .map(([folder, name]) => `${folder}/${name}`);

const harmless = ['text', 'text', 'script', 'baseProgram', 'baseLibrary', 'linkInput', 'arm64'];

/** A hard link's target is one of the files before it, in whatever layer, or the base's. */
type Step = TarMember | { readonly link: string; readonly pick: number };

function steps(content: readonly string[]): fc.Arbitrary<Step> {
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(path, fc.constantFrom(...content), fc.constantFrom(0o644, 0o755, 0o4755))
        .map(([at, name, mode]) => file(at, contents[name] ?? '', mode)),
    },
    { weight: 1, arbitrary: fc.tuple(path, fc.constantFrom(...targets)).map(([at, to]) => symlink(at, to)) },
    { weight: 1, arbitrary: fc.constantFrom('/opt', 'srv', `/${amd}`).map((to) => symlink('link', to)) },
    { weight: 3, arbitrary: fc.record({ link: path, pick: fc.nat() }) },
    { weight: 3, arbitrary: path.map(whiteout) },
    { weight: 1, arbitrary: fc.constantFrom('opt', 'opt/own', `${amd}/plug`, 'srv', 'lib').map(opaque) },
    { weight: 1, arbitrary: fc.constantFrom(...folders).map(directory) },
    { weight: 1, arbitrary: path.map((at): TarMember => ({ name: at, type: 'fifo' })) },
  );
}

function layersOf(content: readonly string[]): fc.Arbitrary<readonly (readonly TarMember[])[]> {
  const layer = fc.array(steps(content), { minLength: 1, maxLength: 6 });
  return fc.array(layer, { minLength: 1, maxLength: 3 }).map((layers) => {
    const files = ['usr/bin/dash', `${amd}/libz.so.1`, 'etc/passwd'];
    return layers.map((some) => some.map((step) => memberOf(step, files)));
  });
}

function memberOf(step: Step, files: string[]): TarMember {
  if ('link' in step) return hardlink(step.link, files[step.pick % files.length] ?? '');
  if (step.body !== undefined && !String(step.name).includes('.wh.')) files.push(String(step.name));
  return step;
}

/** Layers above the base: neutral files, machine code in many shapes, links, markers, in any order, repeated at will. */
export const generatedLayers = fc.oneof(layersOf(harmless), layersOf(Object.keys(contents)));

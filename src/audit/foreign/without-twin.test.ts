import { expect, test } from 'vitest';
import { zipOf } from '../../binary/archives.test-support.ts';
import { file, writeElf } from '../../fixture/index.ts';
import { createLayerReader, mergeLayers } from '../../layer/index.ts';
import { digestOf } from '../../oci/index.ts';
import { writeTar } from '../../tar/index.ts';
import { codeWithoutTwin } from './without-twin.ts';

const [amd64, arm64] = (['amd64', 'arm64'] as const).map((machine) =>
  writeElf({ machine, soname: 'libx.so' }),
) as [Buffer, Buffer];

async function lone(files: Readonly<Record<string, Uint8Array>>): Promise<readonly string[]> {
  const chunks: Uint8Array[] = [];
  const members = Object.entries(files).map(([path, content]) => file(path, content));
  for await (const chunk of writeTar(members)) chunks.push(Uint8Array.from(chunk));
  const bytes = Buffer.concat(chunks);
  const blob = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  const reader = createLayerReader({ workerFile: 'none' });
  const facts = await reader.read({
    repository: { name: 'example.com/app', blob },
    descriptor: {
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: digestOf(bytes),
      size: bytes.length,
    },
  });
  await reader.close();
  const found = codeWithoutTwin(mergeLayers([facts]), { os: 'linux', architecture: 'arm64' });
  return found.map(({ entry, innerPath }) => `${entry.path}${innerPath === '' ? '' : `!/${innerPath}`}`);
}

const jar = (names: Readonly<Record<string, Uint8Array>>) =>
  zipOf(Object.entries(names).map(([name, data]) => ({ name, data })));

test('code for another machine is alone where nothing native is named like it', async () => {
  expect(await lone({ 'opt/linux-x64/libx.so': amd64, 'opt/tool': amd64 })).toEqual([
    'opt/linux-x64/libx.so',
    'opt/tool',
  ]);
  expect(await lone({ 'opt/linux-x64/libx.so': amd64, 'opt/linux-arm64/libx.so': arm64 })).toEqual([]);
  expect(await lone({ 'opt/native': arm64, 'opt/text': Buffer.from('x') })).toEqual([]);
});

test('the same holds inside archives, and from one jar to the next', async () => {
  const both = jar({ 'n/linux/amd64/libx.so': amd64, 'n/linux/aarch64/libx.so': arm64 });
  const some = jar({
    'n/linux/amd64/libx.so': amd64,
    'n/linux/amd64/liby.so': amd64,
    'n/linux/aarch64/libx.so': arm64,
  });
  expect(await lone({ 'lib/both.jar': both })).toEqual([]);
  expect(await lone({ 'lib/some.jar': some })).toEqual(['lib/some.jar!/n/linux/amd64/liby.so']);
  const [one, other] = [jar({ 'libx-linux-x86_64.so': amd64 }), jar({ 'libx-linux-aarch_64.so': arm64 })];
  expect(await lone({ 'lib/x-linux-x86_64.jar': one })).toHaveLength(1);
  expect(await lone({ 'lib/x-linux-x86_64.jar': one, 'lib/x-linux-aarch_64.jar': other })).toEqual([]);
});

test('code for another system is nobody’s concern', async () => {
  expect(await lone({ 'lib/x.jar': jar({ 'n/freebsd/x86_64/libx.so': amd64 }) })).toEqual([]);
});

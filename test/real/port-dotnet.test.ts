// A program of .NET that this machine's SDK publishes for amd64 starts by the very host that the same SDK makes for arm64.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { executable, file } from '../../src/fixture/index.ts';
import { dotnetOrigin } from '../../src/port/counterparts/dotnet/dotnet-origin.ts';
import { fates, newBytes, planWith } from '../../src/port/counterparts/java/java.test-support.ts';
import { exec, temporaryFolder } from '../support/real-parts.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const project = join(folder.path, 'Shop');
const publish = (rid: string) =>
  exec('dotnet', 'publish', project, '-r', rid, '--no-self-contained', '-o', join(folder.path, rid));

/** Not every machine has an SDK and reaches a NuGet source, in CI neither: then this is skipped. */
async function canPublish(): Promise<boolean> {
  if (process.arch !== 'x64') return false;
  mkdirSync(project, { recursive: true });
  const said = await exec('dotnet', '--version').catch(() => undefined);
  if (said === undefined) return false;
  const version = said.split('.').slice(0, 2).join('.');
  writeFileSync(
    join(project, 'Shop.csproj'),
    `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net${version}</TargetFramework></PropertyGroup></Project>`,
  );
  writeFileSync(join(project, 'Program.cs'), 'System.Console.WriteLine("hello");\n');
  try {
    await publish('linux-x64');
    await publish('linux-arm64');
    return true;
  } catch {
    return false;
  }
}

const here = await canPublish();

describe.skipIf(!here)('a program that the SDK published', () => {
  test('gets the host that the SDK makes for arm64, byte for byte', async () => {
    const place = join(folder.path, 'linux-x64');
    const members = readdirSync(place).map((name) =>
      (name === 'Shop' ? executable : file)(`app/${name}`, readFileSync(join(place, name))),
    );
    const { plan } = await planWith(dotnetOrigin(), members, { cache: join(folder.path, 'cache') });
    expect([fates(plan), plan.refusals]).toEqual([{ 'app/Shop': 'replace' }, []]);
    expect(await newBytes(plan, 'app/Shop')).toEqual(readFileSync(join(folder.path, 'linux-arm64', 'Shop')));
  });
});

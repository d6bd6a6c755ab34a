import { parsePlatform } from '../../oci/index.ts';
import { allExcept } from '../architectures.ts';
import type { Lookup } from '../interpolate.ts';
import { ownText } from '../own-text.ts';
import { foundUse } from '../reference-text.ts';
import type { FoundUse, FoundWorkload } from '../types.ts';
import { field, itemsOf, textField, type YamlNode, type YamlScalar } from '../yaml/nodes.ts';
import { interpolated, type ProjectContext } from './files.ts';
import { allValues, type Found, report, type Service, strongest } from './services.ts';

type FoundConstraint = FoundWorkload['constraints'][number];

/** The image of a service; `undefined` for one that has none (it is built, and its Dockerfile is a source itself). */
export function serviceUse(service: Service, lookup: Lookup): FoundUse | undefined {
  const image = strongest(service.layers, 'image');
  if (image?.node.kind !== 'scalar') return undefined;
  const { node, file } = image;
  const value = interpolated(image.node, lookup);
  const build = strongest(service.layers, 'build');
  return foundUse(
    {
      written: ownText(image.node.value),
      ...(value.text === undefined ? {} : { resolved: ownText(value.text) }),
      unresolved: build === undefined ? value.unresolved : builtFrom(build.node),
    },
    {
      source: 'compose',
      file: file.path,
      ...file.lines.at(node.offset),
      workload: ownText(`service ${service.name}`),
    },
  );
}

function builtFrom(build: YamlNode): string {
  const context = build.kind === 'scalar' ? build.value : textField(build, 'context');
  return `it is built from ${ownText(context ?? '.')} by this file; scan that Dockerfile for its base images`;
}

/** What ties a service to architectures: `platform`, `build.platforms`, and Swarm's placement. */
export function serviceConstraints(
  service: Service,
  lookup: Lookup,
  context: ProjectContext,
): FoundConstraint[] {
  const platform = strongest(service.layers, 'platform');
  return [
    ...(platform === undefined ? [] : platformConstraint(platform, lookup, context)),
    ...buildConstraint(service, lookup),
    ...placementConstraints(service),
  ];
}

function platformConstraint(found: Found, lookup: Lookup, context: ProjectContext): FoundConstraint[] {
  if (found.node.kind !== 'scalar') return [];
  const value = interpolated(found.node, lookup);
  if (value.text === '') return [];
  const platform = value.text === undefined ? undefined : parsePlatform(value.text);
  if (platform === undefined) {
    const why = value.unresolved ?? `"${found.node.value.slice(0, 100)}" is no platform`;
    report(found, `the service's platform is unknown: ${why}`, context);
    return [];
  }
  return [
    {
      kind: 'platform',
      text: `platform: ${value.text}`,
      architectures: [platform.architecture],
      required: true,
      ...at(found),
    },
  ];
}

/** A built image runs only where it is built for. */
function buildConstraint(service: Service, lookup: Lookup): FoundConstraint[] {
  const build = strongest(service.layers, 'build');
  const list = itemsOf(field(build?.node, 'platforms')).filter(
    (node): node is YamlScalar => node.kind === 'scalar',
  );
  const [first] = list;
  if (build === undefined || first === undefined) return [];
  const texts = list.map((node) => interpolated(node, lookup).text);
  const platforms = texts.map((text) => (text === undefined ? undefined : parsePlatform(text)));
  const known = platforms.flatMap((platform) => (platform === undefined ? [] : [platform.architecture]));
  const required = known.length === list.length;
  return [
    {
      kind: 'platform',
      text: `build.platforms: ${list.map((node) => node.value).join(', ')}`,
      architectures: required ? [...new Set(known)].sort() : [],
      required,
      ...at({ node: first, file: build.file }),
    },
  ];
}

/** `node.platform.arch == x86_64`; the values are what `uname -m` says (Docker Engine, service placement). */
function placementConstraints(service: Service): FoundConstraint[] {
  return allValues(service.layers, 'deploy').flatMap((deploy) =>
    itemsOf(field(field(deploy, 'placement'), 'constraints')).flatMap((node) => {
      if (node.kind !== 'scalar') return [];
      const match = /^\s*node\.platform\.arch\s*(==|!=)\s*(\S+)\s*$/.exec(node.value.slice(0, 200));
      const architecture = match?.[2] === undefined ? undefined : parsePlatform(match[2])?.architecture;
      if (architecture === undefined) return [];
      const architectures = match?.[1] === '==' ? [architecture] : allExcept(new Set([architecture]));
      return [{ kind: 'node-selector' as const, text: node.value.trim(), architectures, required: true }];
    }),
  );
}

function at({ node, file }: Found): { file: string; line: number; column: number } {
  return { file: file.path, ...file.lines.at(node.offset) };
}

import { scalarField, type YamlMapping, type YamlNode, type YamlScalar } from '../yaml/nodes.ts';

/** An image text of a resource or values file: what stands there, and where. */
export interface ImageText {
  readonly written: string;
  readonly unresolved?: string | undefined;
  readonly offset: number;
}

/**
 * The image of an object such as `{registry, repository, tag, digest}`, which charts and operators use in place of
 * one text. `undefined` where the object is something else. `noTag` is the sentence for a missing tag.
 */
function imageOfObject(node: YamlMapping, noTag: string): ImageText | undefined {
  const repository = scalarField(node, 'repository');
  if (repository === undefined || repository.value.trim() === '') return undefined;
  const registry = scalarField(node, 'registry');
  const tag = scalarField(node, 'tag');
  const digest = digestText(scalarField(node, 'digest') ?? scalarField(node, 'sha'));
  const name = joined(registry?.value.trim() ?? '', repository.value.trim());
  const tagText = tag?.value.trim() ?? '';
  const written = `${name}${tagText === '' ? '' : `:${tagText}`}${digest === '' ? '' : `@${digest}`}`;
  const { offset } = repository;
  if (tagText === '' && digest === '') return { written, unresolved: noTag, offset };
  return { written, unresolved: digest === '' ? numberTrouble(tag) : undefined, offset };
}

function joined(registry: string, repository: string): string {
  return registry === '' ? repository : `${registry.replace(/\/+$/, '')}/${repository}`;
}

function digestText(node: YamlScalar | undefined): string {
  const text = node?.value.trim() ?? '';
  return /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text;
}

/** YAML numbers change their text on the way through a chart: `1.10` becomes 1.1 and 20240101 becomes 2.0240101e+07. */
function numberTrouble(tag: YamlScalar | undefined): string | undefined {
  if (tag?.plain !== true || !/^[-+]?[0-9][0-9_]*(\.[0-9]*)?([eE][-+]?[0-9]+)?$/.test(tag.value))
    return undefined;
  if (String(Number(tag.value)) === tag.value && Number(tag.value) < 1e6) return undefined;
  return `the tag ${tag.value} is a number in YAML and may change its text when it is rendered; put it in quotes`;
}

/** Does the text under an image-like key look like anything but an image? Then the guess was wrong. */
export function isNoImage(node: YamlScalar): boolean {
  const text = node.value.trim();
  if (text === '' || /\s/.test(text.replace(/\{\{.*?\}\}/g, ''))) return true;
  if (/^(?!docker:|oci:|ko:)[a-z][a-z0-9+.-]*:\/\//i.test(text)) return true;
  return node.plain && /^(?:true|false|yes|no|on|off|null|~|[-+]?[0-9.]+)$/i.test(text);
}

const imageKeys: ReadonlySet<string> = new Set(['image', 'imageName', 'imageRef', 'imageReference']);

/** Keys whose text is an image by convention: `image`, `sidecarImage`, `imageName`. */
export function isImageKey(key: string): boolean {
  return imageKeys.has(key) || (key.endsWith('Image') && key.length > 5);
}

/** The image under an image-like key, as a text or as an object; `undefined` where it is none. */
export function guessedImage(node: YamlNode, noTag: string): ImageText | undefined {
  if (node.kind === 'mapping') return imageOfObject(node, noTag);
  if (node.kind === 'sequence' || isNoImage(node)) return undefined;
  return { written: node.value.trim(), offset: node.offset };
}

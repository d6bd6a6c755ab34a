import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MergedView } from '../../../../layer/index.ts';
import type { NodeSettings } from '../../../options.ts';
import { askNpm, onPath } from './ask-npm.ts';
import { expanded, parseNpmrc } from './npmrc.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a package is to be had, and what says so. */
export interface RegistryChoice {
  /** With a closing slash. */
  readonly url: string;
  /** For people: `/app/.npmrc`, `npm_config_registry`. */
  readonly from: string;
}

export interface NpmConfiguration {
  /** The registry of a package; `project` is the folder of the image that it's installed in. */
  registryOf(name: string, project: string): Promise<RegistryChoice | undefined>;
  /** The value of an Authorization header for an address: of the user's and the machine's settings alone. */
  readonly authorizationFor: (url: URL) => string | undefined;
  /** Certificates that vouch for registries besides the usual ones, PEM. */
  readonly certificates: string | undefined;
}

export interface ConfigurationParts {
  readonly settings: NodeSettings;
  readonly environment: Environment;
  readonly view: MergedView;
  /** An empty folder. */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
}

interface Source {
  readonly from: string;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * As npm reads its configuration: the person's settings, the environment, the project's .npmrc (of the image), the user's,
 * the machine's, and at last what npm itself says. Scopes go before the default, as with npm. The image's file says where
 * packages are and nothing else: its secrets are not ours, and no variable of this machine goes into an address of its.
 */
export async function readConfiguration(parts: ConfigurationParts): Promise<NpmConfiguration> {
  const { environment, settings, view, folder, signal } = parts;
  const variable = (name: string): string | undefined =>
    environment[`npm_config_${name}`] || environment[`NPM_CONFIG_${name.toUpperCase()}`] || undefined;
  const own = await ownSources(environment, variable);
  let asked: Promise<string | undefined> | undefined;

  async function lastResort(): Promise<RegistryChoice | undefined> {
    asked ??= askNpm(environment, folder, signal);
    return choice((await asked) ?? '', 'npm config get registry');
  }

  return {
    async registryOf(name, project) {
      const scope = name.startsWith('@') ? name.slice(0, name.indexOf('/')) : undefined;
      const image = imageSource(view, project);
      const files = [...(image === undefined ? [] : [image]), ...own];
      const ofScope = scope && settings.scopes?.[scope];
      const named = ofScope && choice(ofScope, `the settings for ${scope}`);
      return (
        named ||
        (scope && fromSources(`${scope}:registry`, files)) ||
        choice(settings.registry ?? '', 'the settings') ||
        choice(variable('registry') ?? '', 'npm_config_registry') ||
        fromSources('registry', files) ||
        (await lastResort())
      );
    },
    authorizationFor: (url) => authorization(url, own),
    certificates: await readable(variable('cafile') ?? settingOf('cafile', own)),
  };
}

async function ownSources(
  environment: Environment,
  variable: (name: string) => string | undefined,
): Promise<readonly Source[]> {
  const home = environment['HOME'];
  const user = variable('userconfig') ?? (home ? join(home, '.npmrc') : undefined);
  const files = [user, variable('globalconfig') ?? (await globalFile(environment, variable('prefix')))];
  const sources: Source[] = [];
  for (const file of files) {
    const text = await readable(file);
    if (text === undefined || file === undefined) continue;
    const values = [...parseNpmrc(text)].map(
      ([key, value]) => [expanded(key, environment), expanded(value, environment)] as const,
    );
    sources.push({
      from: file === user ? "the user's .npmrc" : "this machine's npmrc",
      values: new Map(values),
    });
  }
  return sources;
}

/** npm's prefix is the folder above that of the program `node`. */
async function globalFile(environment: Environment, prefix: string | undefined): Promise<string | undefined> {
  if (prefix !== undefined) return join(prefix, 'etc/npmrc');
  const node = await onPath('node', environment);
  return node === undefined ? undefined : join(dirname(dirname(node)), 'etc/npmrc');
}

const maxBytes = 4 * 1024 ** 2;

async function readable(file: string | undefined): Promise<string | undefined> {
  if (file === undefined || file === '') return undefined;
  const status = await stat(file).catch(() => undefined);
  if (status?.isFile() !== true || status.size > maxBytes) return undefined;
  return readFile(file, 'utf8').catch(() => undefined);
}

function imageSource(view: MergedView, project: string): Source | undefined {
  const path = project === '' ? '.npmrc' : `${project}/.npmrc`;
  const found = view.resolve(path);
  const bytes = found.found ? view.content(found.entry) : undefined;
  if (bytes === undefined) return undefined;
  return { from: `/${path}`, values: parseNpmrc(Buffer.from(bytes).toString('utf8')) };
}

function settingOf(key: string, sources: readonly Source[]): string | undefined {
  return sources.find(({ values }) => values.has(key))?.values.get(key);
}

function fromSources(key: string, sources: readonly Source[]): RegistryChoice | undefined {
  for (const { from, values } of sources) {
    const found = choice(values.get(key) ?? '', from);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `undefined` for what is no address: also one with a variable that nobody set. */
function choice(text: string, from: string): RegistryChoice | undefined {
  if (!/^https?:\/\/[^/]/i.test(text) || /[\s${}]/.test(text) || !URL.canParse(text)) return undefined;
  const { href } = new URL(text);
  return { url: href.endsWith('/') ? href : `${href}/`, from };
}

/** `//host/path/:_authToken`, the longest path first; over plain HTTP to this machine alone. */
function authorization(url: URL, sources: readonly Source[]): string | undefined {
  const isSafe = url.protocol === 'https:' || isLoopback(url);
  if (!isSafe) return undefined;
  for (const path of pathsUp(url.pathname)) {
    const prefix = `//${url.host}${path}`;
    const token =
      settingOf(`${prefix}:_authToken`, sources) ?? settingOf(`${prefix.slice(0, -1)}:_authToken`, sources);
    if (token) return `Bearer ${token}`;
    const basic = settingOf(`${prefix}:_auth`, sources);
    if (basic) return `Basic ${basic}`;
    const [name, password] = [
      settingOf(`${prefix}:username`, sources),
      settingOf(`${prefix}:_password`, sources),
    ];
    if (name && password) return `Basic ${pair(name, password)}`;
  }
  return undefined;
}

/** `/a/b/`, `/a/`, `/`. */
function pathsUp(path: string): readonly string[] {
  const paths: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    paths.push(path.slice(0, at + 1));
  return [...(path.endsWith('/') ? [] : [`${path}/`]), ...paths, '/'];
}

/** npm keeps the password in base64. */
function pair(name: string, password: string): string {
  return Buffer.from(`${name}:${Buffer.from(password, 'base64').toString('utf8')}`).toString('base64');
}

export function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

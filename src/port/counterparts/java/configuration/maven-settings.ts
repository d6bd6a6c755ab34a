import { elementsAt, parseXml, textAt } from './xml.ts';

export interface MavenRepository {
  readonly id: string;
  readonly url: string;
}

interface Mirror extends MavenRepository {
  readonly mirrorOf: string;
}

/** What a settings.xml says of where artifacts are (Maven, "Settings Reference"). */
export interface MavenSettings {
  readonly offline: boolean;
  readonly mirrors: readonly Mirror[];
  /** Of profiles that are active. */
  readonly repositories: readonly MavenRepository[];
  /** By the id of a repository or mirror. */
  readonly logins: ReadonlyMap<string, { readonly username: string; readonly password: string }>;
}

export const noSettings: MavenSettings = { offline: false, mirrors: [], repositories: [], logins: new Map() };

type Environment = Readonly<Record<string, string | undefined>>;

/** `undefined` where it can't be read as settings. */
export function parseSettings(text: string, environment: Environment): MavenSettings | undefined {
  const root = parseXml(text);
  if (root?.name !== 'settings') return undefined;
  const filled = (value: string | undefined): string =>
    (value ?? '').replace(/\$\{env\.([A-Za-z_]\w*)\}/g, (whole, name: string) => environment[name] ?? whole);
  const activated = new Set(elementsAt(root, 'activeProfiles', 'activeProfile').map((one) => one.text));
  const profiles = elementsAt(root, 'profiles', 'profile').filter(
    (profile) =>
      activated.has(textAt(profile, 'id') ?? '') ||
      textAt(profile, 'activation', 'activeByDefault') === 'true',
  );
  const repositories = profiles.flatMap((profile) => elementsAt(profile, 'repositories', 'repository'));
  return {
    offline: textAt(root, 'offline') === 'true',
    mirrors: elementsAt(root, 'mirrors', 'mirror').map((one) => ({
      id: textAt(one, 'id') ?? '',
      url: filled(textAt(one, 'url')),
      mirrorOf: textAt(one, 'mirrorOf') ?? '',
    })),
    repositories: repositories
      .filter((one) => textAt(one, 'releases', 'enabled') !== 'false')
      .map((one) => ({ id: textAt(one, 'id') ?? '', url: filled(textAt(one, 'url')) })),
    logins: new Map(
      elementsAt(root, 'servers', 'server').flatMap((one) => {
        const [username, password] = [filled(textAt(one, 'username')), filled(textAt(one, 'password'))];
        // One in braces is encrypted with a key that only Maven has.
        const isUsable = username !== '' && password !== '' && !/^\{.*\}$/.test(password);
        return isUsable ? [[textAt(one, 'id') ?? '', { username, password }] as const] : [];
      }),
    ),
  };
}

/** The user's settings go before the system's. */
export function mergedSettings(user: MavenSettings, system: MavenSettings): MavenSettings {
  return {
    offline: user.offline || system.offline,
    mirrors: [...user.mirrors, ...system.mirrors],
    repositories: [...user.repositories, ...system.repositories],
    logins: new Map([...system.logins, ...user.logins]),
  };
}

/** Where a repository's files are really had: from the mirror that stands for it, with its login. */
export function addressOf(repository: MavenRepository, { mirrors, logins }: MavenSettings): string {
  const found =
    mirrors.find(({ mirrorOf }) => mirrorOf === repository.id) ??
    mirrors.find(({ mirrorOf }) => isMirrored(repository, mirrorOf)) ??
    repository;
  const login = logins.get(found.id);
  if (login === undefined || !URL.canParse(found.url)) return found.url;
  const url = new URL(found.url);
  url.username = encodeURIComponent(login.username);
  url.password = encodeURIComponent(login.password);
  return url.href;
}

/** Of a list such as `external:*,!local`, what excludes goes first (Maven, "Guide to Mirror Settings"). */
function isMirrored({ id, url }: MavenRepository, mirrorOf: string): boolean {
  const patterns = mirrorOf.split(',').map((one) => one.trim());
  if (patterns.includes(`!${id}`)) return false;
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  const isExternal = host !== 'localhost' && host !== '127.0.0.1' && !url.startsWith('file:');
  return patterns.some(
    (one) =>
      one === id ||
      one === '*' ||
      (one === 'external:*' && isExternal) ||
      (one === 'external:http:*' && isExternal && url.startsWith('http:')),
  );
}

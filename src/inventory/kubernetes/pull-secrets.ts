import { ownText } from '../own-text.ts';
import type { FoundUse, PullSecret } from '../types.ts';
import { field, itemsOf, textField, type YamlMapping, type YamlNode } from '../yaml/nodes.ts';

/** What both forms of an image pull secret hold their credentials under. */
const secretFields = ['.dockerconfigjson', '.dockercfg'] as const;
/** Kubernetes refuses Secrets above 1 MiB. */
const maxSecretLength = 1024 * 1024;

/** Where a file's credentials are gathered. */
interface CredentialMaps {
  readonly pullSecrets: Map<string, PullSecret>;
  readonly serviceAccounts: Map<string, readonly string[]>;
}

/** Names a secret or service account across files. A resource without namespace only meets others without. */
function keyOf(namespace: string | undefined, name: string): string {
  return ownText(`${namespace ?? ''}/${name}`);
}

/** Takes an image pull secret or a service account into the maps; other resources are none of its business. */
export function addCredentials(node: YamlMapping, kind: string, maps: CredentialMaps): void {
  if (kind !== 'Secret' && kind !== 'ServiceAccount') return;
  const metadata = field(node, 'metadata');
  const name = textField(metadata, 'name');
  const namespace = textField(metadata, 'namespace');
  if (name === undefined) return;
  if (kind === 'ServiceAccount') {
    const secrets = secretNames(field(node, 'imagePullSecrets'));
    if (secrets.length > 0)
      maps.serviceAccounts.set(
        keyOf(namespace, name),
        secrets.map((secret) => keyOf(namespace, secret)),
      );
    return;
  }
  const data = credentialFields(field(node, 'data'));
  const stringData = credentialFields(field(node, 'stringData'));
  if (data === undefined && stringData === undefined) return;
  maps.pullSecrets.set(keyOf(namespace, name), {
    name: ownText(name),
    ...(namespace === undefined ? {} : { namespace: ownText(namespace) }),
    ...(data === undefined ? {} : { data }),
    ...(stringData === undefined ? {} : { stringData }),
  });
}

function credentialFields(node: YamlNode | undefined): Record<string, string> | undefined {
  const found = secretFields.flatMap((key) => {
    const text = textField(node, key);
    return text === undefined || text.length > maxSecretLength ? [] : [[key, ownText(text)] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** The names in an `imagePullSecrets` list. */
export function secretNames(node: YamlNode | undefined): string[] {
  return itemsOf(node).flatMap((item) => textField(item, 'name') ?? []);
}

/**
 * Where a pod's credentials come from: the secrets it names, and only if it names none those of its service account,
 * as the ServiceAccount admission plug-in does.
 */
export function credentialsOf(
  found: { readonly pullSecrets: readonly string[]; readonly serviceAccounts: readonly string[] },
  namespace: string | undefined,
): Pick<FoundUse, 'pullSecrets' | 'serviceAccount'> {
  if (found.pullSecrets.length > 0)
    return { pullSecrets: found.pullSecrets.map((name) => keyOf(namespace, name)) };
  return { serviceAccount: keyOf(namespace, found.serviceAccounts[0] ?? 'default') };
}

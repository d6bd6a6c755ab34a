import * as z from 'zod';
import { UsageError } from '../../core/index.ts';
import { parseReference } from '../../oci/index.ts';

const placeSchema = z.string().max(2048).refine(isPlace, {
  message: 'it is not a host, a host with a path, or an http(s) URL without user and query',
});

// What the client sets itself may not be set from outside.
const ownHeaders = /^(?:authorization|host|connection|content-length|transfer-encoding|range|accept)$/i;
const headersSchema = z.record(
  z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/, 'it is not a header name')
    .refine((name) => !ownHeaders.test(name), {
      message: 'it is a header that armload sets itself',
    }),
  z.string().regex(/^[\x20-\x7e]{0,8192}$/, 'it holds characters that a header cannot'),
);

/** The settings of one registry, as people write them. */
export const hostSettingsSchema = z.strictObject({
  /** Where the registry's API is, if not at its own name. */
  endpoint: placeSchema.optional(),
  /** Asked first, in this order, for the same repositories under an optional path. */
  mirrors: z.array(placeSchema).max(16).optional(),
  /** Speak HTTP without TLS. */
  plainHttp: z.boolean().optional(),
  /** A file of PEM certificates that this registry's is also checked against. */
  ca: z.string().min(1).optional(),
  /** Take any certificate. */
  skipTlsVerify: z.boolean().optional(),
  /** Requests at one time. */
  maxConcurrency: z.int().min(1).max(256).optional(),
  /** Sent with every request to this host. */
  headers: headersSchema.optional(),
});

/** The `registries:` section of `armload.yaml`: a host, or `*.domain`, to its settings. */
export const registriesSchema = z.record(z.string(), hostSettingsSchema);

export type HostSettings = z.output<typeof hostSettingsSchema>;
export type RegistriesSettings = z.output<typeof registriesSchema>;

/** @throws UsageError `CONFIG` naming the key at fault. `file` is for the message. */
export function parseRegistries(section: unknown, file = 'armload.yaml'): RegistriesSettings {
  const result = registriesSchema.safeParse(section ?? {});
  if (!result.success) {
    const issue = result.error.issues[0];
    throw configError(file, issue?.path.map(String) ?? [], issue ? explain(issue) : 'it is invalid');
  }
  const wrong = Object.keys(result.data).find((key) => !isHostKey(key));
  if (wrong === undefined) return result.data;
  throw configError(file, [wrong], 'it is neither a registry host nor "*." and a domain');
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(hostSettingsSchema.shape).join(', ');
    return `it has no setting ${issue.keys.map((key) => `"${key}"`).join(', ')}; the settings are ${known}`;
  }
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  return issue.message;
}

/** `registries."ghcr.io".mirrors[0]`: hosts hold dots, so they stand in quotes. */
function configError(file: string, path: readonly string[], problem: string): UsageError {
  const [host, ...members] = path;
  const tail = members.map((member) => (/^[0-9]+$/.test(member) ? `[${member}]` : `.${member}`)).join('');
  const place = host === undefined ? 'registries' : `registries."${host.slice(0, 200)}"${tail}`;
  return new UsageError('CONFIG', `${file}: ${place} is wrong: ${problem}`, {
    facts: { path: ['registries', ...path] },
  });
}

/** A host as a reference may hold it: what no reference can name would never be looked up. */
function isHostKey(key: string): boolean {
  const host = key.startsWith('*.') ? `any.${key.slice(2)}` : key;
  if (host.includes('/') || !(/[.:]/.test(host) || host === 'localhost')) return false;
  try {
    parseReference(`${host}/x/y`);
    return true;
  } catch {
    return false;
  }
}

function isPlace(place: string): boolean {
  const address = /^https?:\/\//i.test(place) ? place : `https://${place}`;
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return `${url.username}${url.password}${url.search}${url.hash}` === '' && !/\s/.test(place);
}

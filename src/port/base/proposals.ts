import * as z from 'zod';
import { formatReference, InvalidReferenceError, parseReference, parseRunSettings } from '../../oci/index.ts';
import { parseOsRelease, readOsRelease, unread } from './os-release.ts';
import type { BaseProposal, PortableImage } from './types.ts';

const maxProposals = 12;
/** No name of an image is longer; history lines may be. */
const maxLine = 4_096;

/** Buildah and kaniko write the base into the comment of the first layer's history. */
const historySchema = z.object({
  history: z
    .array(z.object({ comment: z.string().nullish(), created_by: z.string().nullish() }))
    .nullish()
    .catch(null),
});

/** Variables that Docker's official images set, and the repository that sets them. */
const versionVariables: readonly (readonly [variable: string, repository: string])[] = [
  ['PYTHON_VERSION', 'python'],
  ['NODE_VERSION', 'node'],
  ['GOLANG_VERSION', 'golang'],
  ['RUBY_VERSION', 'ruby'],
  ['PHP_VERSION', 'php'],
  ['RUST_VERSION', 'rust'],
  ['NGINX_VERSION', 'nginx'],
  ['HTTPD_VERSION', 'httpd'],
  ['TOMCAT_VERSION', 'tomcat'],
  ['REDIS_VERSION', 'redis'],
];

/** Where distributions publish their base images, by the ID of os-release. */
const distributions: ReadonlyMap<string, readonly string[]> = new Map([
  ['debian', ['docker.io/library/debian:VERSION_ID', 'docker.io/library/debian:VERSION_ID-slim']],
  ['ubuntu', ['docker.io/library/ubuntu:VERSION_ID']],
  ['alpine', ['docker.io/library/alpine:VERSION_ID']],
  ['fedora', ['registry.fedoraproject.org/fedora:VERSION_ID']],
  ['almalinux', ['docker.io/library/almalinux:VERSION_ID']],
  ['rocky', ['docker.io/rockylinux/rockylinux:VERSION_ID']],
  ['ol', ['docker.io/library/oraclelinux:VERSION_ID']],
  ['amzn', ['docker.io/library/amazonlinux:VERSION_ID']],
  [
    'rhel',
    ['registry.access.redhat.com/ubiMAJOR/ubi:VERSION_ID', 'registry.access.redhat.com/ubiMAJOR/ubi-minimal'],
  ],
  ['wolfi', ['cgr.dev/chainguard/wolfi-base:latest']],
  ['chainguard', ['cgr.dev/chainguard/wolfi-base:latest']],
]);

/**
 * References that may be the base, by what the history, the environment and os-release say. Guesses for a person, or for
 * filling the table of known bases: none is looked at.
 */
export function proposeBases(image: PortableImage): readonly BaseProposal[] {
  const all = [...fromHistory(image), ...fromEnvironment(image), ...fromOsRelease(image)];
  const proposals = new Map<string, BaseProposal>();
  for (const { reference, why } of all) {
    const name = canonical(reference);
    if (name !== undefined && !proposals.has(name)) proposals.set(name, { reference: name, why });
  }
  return [...proposals.values()].slice(0, maxProposals);
}

function fromHistory({ configBytes }: PortableImage): readonly BaseProposal[] {
  const { history } = historySchema.parse(JSON.parse(Buffer.from(configBytes).toString('utf8')));
  return (history ?? []).flatMap(({ comment, created_by: line }) => [
    ...named(/^FROM ([^\s]{1,300})$/.exec((comment ?? '').trim().slice(0, maxLine)), 'the history says FROM'),
    ...debianSuite((line ?? '').slice(0, maxLine)),
  ]);
}

function named(match: RegExpExecArray | null, why: string): readonly BaseProposal[] {
  const reference = match?.[1];
  return reference === undefined || reference === 'scratch' ? [] : [{ reference, why }];
}

/** How Debian's own images are made: `debian.sh --arch 'amd64' out/ 'bookworm' '@1700000000'`. */
function debianSuite(line: string): readonly BaseProposal[] {
  const suite = /^# debian\.sh .{0,80}'([a-z]{3,20})' '@[0-9]{1,12}'/.exec(line)?.[1];
  if (suite === undefined) return [];
  const why = `the history has the line that makes Debian's images of ${suite}`;
  return [suite, `${suite}-slim`].map((tag) => ({ reference: `docker.io/library/debian:${tag}`, why }));
}

function fromEnvironment({ configBytes }: PortableImage): readonly BaseProposal[] {
  const { environment } = parseRunSettings(configBytes);
  return versionVariables.flatMap(([variable, repository]) => {
    const version = environment.get(variable);
    if (version === undefined || !/^[0-9][0-9A-Za-z.+-]{0,60}$/.test(version)) return [];
    const tag = version.replace(/\+.*$/, '');
    return [{ reference: `docker.io/library/${repository}:${tag}`, why: `${variable} is ${version}` }];
  });
}

function fromOsRelease({ view }: PortableImage): readonly BaseProposal[] {
  const text = view === undefined ? undefined : readOsRelease(view);
  if (text === undefined || text === unread) return [];
  const release = parseOsRelease(text);
  const { ID = '', VERSION_ID = '', PRETTY_NAME = ID } = release;
  if (PRETTY_NAME === 'Distroless') {
    return ['static', 'base', 'cc'].map((kind) => ({
      reference: `gcr.io/distroless/${kind}-debian${VERSION_ID}:latest`,
      why: 'os-release says Distroless',
    }));
  }
  const major = VERSION_ID.split('.', 1)[0] ?? '';
  return (distributions.get(ID) ?? [])
    .filter((pattern) => VERSION_ID !== '' || !/VERSION_ID|MAJOR/.test(pattern))
    .map((pattern) => ({
      reference: pattern.replace('VERSION_ID', VERSION_ID).replace('MAJOR', major),
      why: `os-release says ${ID} ${VERSION_ID}`.trim(),
    }));
}

function canonical(text: string): string | undefined {
  try {
    return formatReference(parseReference(text));
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}

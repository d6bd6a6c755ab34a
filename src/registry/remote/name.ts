/** A repository of a registry. */
export interface Name {
  /** Host, with port if any, as in references: `docker.io`. */
  readonly registry: string;
  readonly repository: string;
}

/** `docker.io/library/nginx` */
export function nameOf({ registry, repository }: Name): string {
  return `${registry}/${repository}`;
}

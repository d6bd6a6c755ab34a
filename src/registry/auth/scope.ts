/** What a request may need to do, as the token specification writes it. */
export interface Scope {
  /** As it stands in the request's path, a mirror's prefix included. */
  readonly repository: string;
  readonly push: boolean;
  /** Repositories to mount blobs from. */
  readonly alsoPull?: readonly string[];
}

const maxScopes = 16;

/** `repository:library/nginx:pull`, one text for each repository. */
export function scopeTexts({ repository, push, alsoPull = [] }: Scope): readonly string[] {
  const own = `repository:${repository}:${push ? 'pull,push' : 'pull'}`;
  return [own, ...alsoPull.map((name) => `repository:${name}:pull`)];
}

/**
 * The scopes to ask for: those the challenge names, because only the registry knows its own names, widened to what this
 * request is about to do. Without a challenge's scope, our own.
 */
export function mergeScopes(own: readonly string[], challenge: string | undefined): readonly string[] {
  const named = (challenge ?? '')
    .split(/\s+/)
    .filter((text) => text !== '')
    .slice(0, maxScopes);
  if (named.length === 0) return own;
  const merged = named.map(
    (text) => own.find((mine) => resourceOf(mine) === resourceOf(text) && covers(mine, text)) ?? text,
  );
  return [...new Set([...merged, ...own.slice(1)])];
}

function resourceOf(scope: string): string {
  return scope.slice(0, scope.lastIndexOf(':'));
}

function covers(wide: string, narrow: string): boolean {
  const actions = new Set(actionsOf(wide));
  return actionsOf(narrow).every((action) => actions.has(action));
}

function actionsOf(scope: string): readonly string[] {
  return scope.slice(scope.lastIndexOf(':') + 1).split(',');
}

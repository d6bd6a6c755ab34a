import { RegistryError } from '../errors.ts';
import type { Repository } from '../types.ts';

/** Requests that a whole scan may still make. */
export interface RequestBudget {
  left: number;
}

/**
 * The repository, until the budget is spent: then every further question is refused before it is sent, so that a big
 * fleet can be scanned within a registry's quota, run by run, from the cache.
 */
export function withinBudget(repository: Repository, budget: RequestBudget): Repository {
  function spend(): void {
    if (budget.left <= 0) {
      throw new RegistryError(
        'rate-limited',
        `${repository.name} was not asked: the requests allowed for this run are spent`,
        {},
        {
          hint: 'Run again to go on from the cache, or raise --max-requests.',
        },
      );
    }
    budget.left -= 1;
  }
  return {
    name: repository.name,
    resolve: async (...args) => {
      spend();
      return repository.resolve(...args);
    },
    manifest: async (...args) => {
      spend();
      return repository.manifest(...args);
    },
    blob: (...args) => {
      spend();
      return repository.blob(...args);
    },
    tags: (...args) => {
      spend();
      return repository.tags(...args);
    },
    referrers: async (...args) => {
      spend();
      return repository.referrers(...args);
    },
  };
}

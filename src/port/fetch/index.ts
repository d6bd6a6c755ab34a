export { FetchError } from './errors.ts';
export { createFetch, type Fetch, type FetchOptions } from './fetch.ts';
export { persistent } from './persistent.ts';

export { type LoaderCache, loaderCache } from './loader-cache.ts';

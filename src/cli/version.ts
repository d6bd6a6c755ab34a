declare const ARMLOAD_VERSION: string | undefined;
declare const ARMLOAD_GENERATION: string | undefined;

/** The package's version, put in by the build; `source` where the sources run unbuilt (tests). */
export const version: string = typeof ARMLOAD_VERSION === 'string' ? ARMLOAD_VERSION : 'source';

/** What kept results depend on: the version, and a hash of the sources that it was built from. */
export const generation: string = typeof ARMLOAD_GENERATION === 'string' ? ARMLOAD_GENERATION : 'source';

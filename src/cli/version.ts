declare const ARMLOAD_VERSION: string | undefined;

/** The package's version, put in by the build; `source` where the sources run unbuilt (tests). */
export const version: string = typeof ARMLOAD_VERSION === 'string' ? ARMLOAD_VERSION : 'source';

/** Bounds on what an image may make of its loader configuration: real ones have some twenty directories. */
export const limits = {
  confFiles: 200,
  /** Bytes of one configuration file. */
  confBytes: 1024 ** 2,
  /** Of directories to search, those of `glibc-hwcaps` among them. */
  directories: 1000,
  libraries: 50_000,
  /** Characters of a library's name, and of its path. */
  text: 4000,
  /** Characters of all names and paths together. */
  texts: 16 * 1024 ** 2,
  notes: 20,
} as const;

/** Bounds on what repositories give. Bytes, milliseconds or numbers of things. */
export interface JavaLimits {
  readonly jarBytes: number;
  /** Of a checksum's file, and of a file of Maven's configuration. */
  readonly sumBytes: number;
  readonly settingsBytes: number;
  /** For one answer, all tries together. */
  readonly time: number;
  /** Jars of one image that are looked for. */
  readonly jars: number;
  /** Jars looked for at a time. */
  readonly parallel: number;
}

export const defaultJavaLimits: JavaLimits = {
  jarBytes: 1024 ** 3,
  sumBytes: 4096,
  settingsBytes: 1024 ** 2,
  time: 15 * 60_000,
  jars: 500,
  parallel: 4,
};

/** Bounds on what one image may ask of a trace; beyond them the answer is `unknown`. */
export const limits = {
  /** Files in one chain. */
  steps: 64,
  /** Chains of one role: a shell's text may start many programs. */
  traces: 64,
  /** Words of a command that are looked at for options. */
  words: 1_000,
  /** Characters of a text for a shell. */
  text: 65_536,
  /** Commands of a text for a shell. */
  commands: 32,
  /** Directories of a PATH. */
  directories: 1_000,
  /** Interpreters of one script: the kernel's own bound (fs/exec.c, `exec_binprm`). */
  interpreters: 5,
} as const;

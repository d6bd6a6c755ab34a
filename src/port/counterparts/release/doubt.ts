/** Something about a replacement that speaks against it. */
export interface Doubt {
  /** A sentence without a subject: "is a script, …". */
  readonly why: string;
  readonly lift: string;
  readonly waivable: boolean;
  readonly undetermined?: true;
}

/**
 * Bounds on what a scan reads. Files come from anywhere, so each bound is there to be met by somebody's generated
 * 10 GB file or by an attack; what a bound cuts off is always reported as a problem.
 */
export interface InventoryLimits {
  /** Bytes of one file. */
  readonly maxFileBytes: number;
  /** Files looked at in one run, over all inputs. */
  readonly maxFiles: number;
  /** Folders below an input. */
  readonly maxFolderDepth: number;
  /** YAML documents in one file. */
  readonly maxDocuments: number;
  /** Files read at the same time. */
  readonly concurrency: number;
}

export const defaultLimits: InventoryLimits = {
  maxFileBytes: 32 * 1024 * 1024,
  maxFiles: 1_000_000,
  maxFolderDepth: 64,
  maxDocuments: 1_000_000,
  concurrency: 8,
};

/** Problems of one file that are reported one by one; the rest are counted in a last one. */
export const maxProblemsPerFile = 20;

/** Uses taken from one file: far more than any generated fleet puts in one, far less than memory holds. */
export const maxUsesPerFile = 500_000;

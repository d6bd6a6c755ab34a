import type { LayerEntry, LayerFacts, MergedView } from '../../../layer/index.ts';
import type { AccountRecord } from '../../account.ts';
import type { NewContent, Replacement } from '../../plan-types.ts';
import type { Problems } from '../errors.ts';
import type { AssembleInput } from '../types.ts';
import type { BaseCopies } from './base-copies.ts';
import type { Inode, Tree, TreeNode } from './tree.ts';

/** Where a written entry's content comes from: the entry it's written for, one set aside before, or elsewhere. */
export type Body = 'none' | 'own' | { readonly slot: number } | NewContent;

export interface Written {
  readonly entry: LayerEntry;
  readonly body: Body;
}

/** What becomes of one entry of a source layer's tar. */
export interface Emission {
  /** Directories that must be named before it. */
  readonly before: readonly Written[];
  /** `pass`: its bytes as they are. `spool`: set aside under its index, for a later link that becomes the file. */
  readonly what: 'pass' | 'skip' | 'spool' | Written;
}

/** How one layer is to be written. */
export interface LayerLayout {
  readonly facts: LayerFacts;
  readonly rewritten: boolean;
  /** One for each entry of the facts. */
  readonly emissions: readonly Emission[];
  /** Behind the last entry. */
  readonly tail: readonly Written[];
  /** All entries of the new layer, in order. */
  readonly promised: readonly LayerEntry[];
  readonly records: readonly AccountRecord[];
}

/** What became of a source file's content, and the names it has now. */
export interface Placement {
  readonly inode: Inode;
  readonly nodes: TreeNode[];
  /** Undefined for the source's own content. */
  readonly replacement: Replacement | undefined;
}

/** What is shared by the layouts of an image's layers. */
export interface Workspace {
  readonly input: AssembleInput;
  readonly oldBase: MergedView;
  /** The source image, as far as its layers are applied. */
  readonly source: Tree;
  /** The new image, as far as its layers are laid out. */
  readonly built: Tree;
  /** Where nodes of the source went, if not to their own path. */
  readonly moved: Map<TreeNode, string>;
  /** By inode of the source: one for each content that its names have now. */
  readonly placements: Map<Inode, Placement[]>;
  readonly copies: BaseCopies;
  readonly unplanned: Problems;
  readonly refused: Problems;
}

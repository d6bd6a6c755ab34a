import type { LayerNote } from './types.ts';

/** Notes, at most as many as a person reads. */
export class Notes {
  readonly kept: LayerNote[] = [];
  omitted = 0;

  add(kind: LayerNote['kind'], text: string, path?: string): void {
    if (this.kept.length >= 1000) this.omitted++;
    else this.kept.push({ kind, text, ...(path === undefined ? {} : { path }) });
  }
}

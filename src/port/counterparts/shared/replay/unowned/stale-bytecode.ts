import type { Draft } from '../draft.ts';

/**
 * Is it Python's compiled form of a source that has other content now, or another place? Python compares the source's
 * time and size only (PEP 3147, "Proposal"; PEP 552).
 */
export function isStaleBytecode(path: string, draft: Draft): boolean {
  const match = /^(.*)\/__pycache__\/([^/]+?)\.[a-z]+-?[0-9]+(?:\.opt-[0-9])?\.pyc$/.exec(path);
  if (match === null) return false;
  const [, folder = '', name = ''] = match;
  const plan = draft.paths.get(`${folder}/${name}.py`);
  return plan !== undefined && plan.action !== 'keep';
}

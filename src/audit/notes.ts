import type { Problem } from '../binary/index.ts';
import type { LayerNote, ViewEntry, ViewNote } from '../layer/index.ts';
import type { Finding } from '../results/index.ts';
import { findingAt, layerAt } from './finding.ts';
import type { Subject } from './types.ts';

/**
 * What reading the layers noticed: files that could not be looked at wholly, and entries on which container engines
 * disagree. Nothing is left out in silence.
 */
export function noteFindings(subject: Subject): readonly Finding[] {
  const { view } = subject;
  return [
    ...view.layers.flatMap(({ notes }, index) => notes.map((note) => ofLayer(subject, index, note))),
    ...view.notes.map((note) => ofView(subject, note)),
    ...first(problemFindings(subject), maxProblems),
  ];
}

/** More than a document lists; an image may have hundreds of thousands. */
const maxProblems = 2_000;

function first<Item>(items: Iterable<Item>, count: number): Item[] {
  const taken: Item[] = [];
  for (const item of items) {
    if (taken.length >= count) break;
    taken.push(item);
  }
  return taken;
}

/** A file that was not inspected may hold anything; the other notes are about names and paths. */
const uninspected: ReadonlySet<LayerNote['kind']> = new Set(['inspection-failed', 'sparse-too-large']);

function ofLayer(subject: Subject, index: number, note: LayerNote): Finding {
  const isUnknown = uninspected.has(note.kind);
  return {
    kind: isUnknown ? 'not-inspected' : 'layer-entry',
    severity: isUnknown ? 'warning' : 'note',
    ...(isUnknown ? { verdict: 'unknown' as const } : {}),
    ...(note.path === undefined ? {} : { path: `/${note.path}` }),
    layer: layerAt(subject, index),
    found: note.text,
    expected: isUnknown ? 'a file that can be read' : 'entries that every engine unpacks alike',
    why: isUnknown ? 'what was not read may hold machine code of any machine' : 'armload went on without it',
  };
}

function ofView(subject: Subject, note: ViewNote): Finding {
  const isRefused = note.kind === 'hardlink-target-missing' || note.kind === 'parent-not-directory';
  return {
    kind: 'layer-conflict',
    severity: isRefused ? 'warning' : 'note',
    path: `/${note.path}`,
    layer: layerAt(subject, note.layer),
    found: note.text,
    expected: 'layers that every engine unpacks alike',
    why: isRefused ? 'container engines refuse such a layer' : 'container engines disagree on what is there',
  };
}

/** Archives and machine code that end early, hide something or go over a limit. Not every format is opened: no note. */
function* problemFindings(subject: Subject): Generator<Finding, void, undefined> {
  for (const file of subject.view.entries()) {
    for (const problem of file.entry.facts?.problems ?? []) {
      if (problem.kind !== 'unsupported' && problem.kind !== 'incomplete')
        yield ofProblem(subject, file, problem);
    }
  }
}

function ofProblem(subject: Subject, file: ViewEntry, problem: Problem): Finding {
  const text = {
    kind: problem.kind === 'hidden' ? 'hidden-content' : 'not-read-whole',
    severity: 'note' as const,
    found: `${problem.where}: ${problem.message}`,
    expected: 'a file that can be read whole',
    why: 'what was not read may hold machine code',
  };
  return findingAt(subject, text, file, problem.path ?? '');
}

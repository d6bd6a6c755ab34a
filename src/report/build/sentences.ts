import type { BuildResult, BuildStep, RunList, RunSummary } from '../../results/index.ts';
import { count } from '../text.ts';

/** `45 s`, `12 min`, `1 h 5 min`. */
export function describeSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** `3 of 9 steps done, 2 images published`. */
export function buildTotalsOf({ progress, images }: BuildResult): string {
  const published = images
    .flatMap(({ publish }) => publish)
    .filter(({ digest }) => digest !== undefined).length;
  const parts = [
    `${progress.done} of ${count(progress.total, 'step')} done`,
    ...(images.length === 0 ? [] : [`${count(images.length, 'image')} kept`]),
    ...(published === 0 ? [] : [`${published} published`]),
  ];
  return parts.join(', ');
}

export function runsTotalsOf({ runs, problems }: RunList): string {
  const unreadable = problems.length === 0 ? '' : `, ${problems.length} unreadable`;
  return `${count(runs.length, 'run')}${unreadable}`;
}

/** What it took, and what it takes elsewhere: `12 min (20 min on m6g.16xlarge)`. */
export function describeTime({ seconds, expected }: BuildStep): string {
  const took = seconds === undefined ? '' : describeSeconds(seconds);
  if (expected === undefined) return took;
  const said = `${describeSeconds(expected.seconds)}${expected.on === undefined ? '' : ` on ${expected.on}`}`;
  return took === '' ? `takes ${said}` : `${took} (${said})`;
}

/** What a person can do next; empty where nothing is left. */
export function nextCommand({ run, state }: Pick<RunSummary, 'run' | 'state'>): string {
  return state === 'done' ? '' : `armload build resume ${run}`;
}

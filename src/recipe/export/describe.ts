import { ExportError } from './errors.ts';

/** `90 s`, `15 min`, `2 h`. */
export function shownDuration(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** The script's own folder in the workspace, beside armload's. */
export function refuseReserved(path: string): void {
  if (path.split('/')[0] !== '.armload-export') return;
  throw new ExportError('NOT_EXPORTABLE', `the path "${path.slice(0, 100)}" is in the script's own folder`);
}

/** Where decoded bytes go, and matches are copied from. `start` is the first byte that a match may reach. */
export interface LzmaWindow {
  bytes: Uint8Array;
  position: number;
  start: number;
}

/** Appends bytes that are in the window already; they may overlap with the new ones. */
export function copyMatch(window: LzmaWindow, distance: number, length: number): void {
  const { bytes, position } = window;
  const end = position + length;
  if (distance >= length && length > 32) bytes.copyWithin(position, position - distance, end - distance);
  else for (let at = position; at < end; at++) bytes[at] = bytes[at - distance] ?? 0;
  window.position = end;
}

const maxLength = 64;

/** `Did you mean "scan"?` where one of the words is close enough to be meant. */
export function didYouMean(text: string, words: readonly string[]): string | undefined {
  const word = nearestWord(text, words);
  return word === undefined ? undefined : `Did you mean "${word}"?`;
}

/** The word with the fewest letters to change, if they are few. */
export function nearestWord(text: string, words: readonly string[]): string | undefined {
  if (text.length > maxLength) return undefined;
  const lower = text.toLowerCase();
  const ranked = words
    .map((word) => ({ word, distance: editDistance(lower, word.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.word.length / 3))
    ? best.word
    : undefined;
}

/** Letters to add, drop, change or swap with their neighbour (optimal string alignment). */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, right.length);
}

function at(distances: readonly number[], column: number): number {
  return distances[column] ?? Number.POSITIVE_INFINITY;
}

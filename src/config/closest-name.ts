const LONGEST_NAME = 64;

/**
 * The known name that was probably meant, or `undefined` where none is near: about one slip in three characters, or the
 * beginning of a name.
 */
export function closestName(name: string, known: readonly string[]): string | undefined {
  return closestNames(name, known, 1)[0] ?? known.find((candidate) => name.length > 2 && candidate.startsWith(name));
}

/** The known names that are near, the nearest first: about one slip in three characters. */
export function closestNames(name: string, known: readonly string[], most: number): string[] {
  if (name.length > LONGEST_NAME) return [];
  const slips = Math.max(1, Math.floor(name.length / 3));
  return known
    .filter((candidate) => Math.abs(candidate.length - name.length) <= slips)
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= slips)
    .sort((one, other) => one.distance - other.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** Levenshtein's distance: insertions, deletions and replacements that turn one word into the other. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of from.split('').entries()) {
    const next = [line + 1];
    for (const [column, other] of to.split('').entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      const removed = (row[column + 1] ?? 0) + 1;
      const inserted = (next[column] ?? 0) + 1;
      next.push(Math.min(replaced, removed, inserted));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** 'train 80, test 20' → shares of 1; undefined when it is not that, or does not add up to 100. */
export function readParts(text: string): Record<string, number> | undefined {
  const parts: Record<string, number> = {};
  let sum = 0;
  for (const piece of text.split(',')) {
    const found = /^\s*([a-z][a-z0-9_-]*)\s*[ :=]\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(piece);
    if (found === null || parts[found[1]!] !== undefined) return undefined;
    const percent = Number(found[2]);
    if (!(percent > 0)) return undefined;
    parts[found[1]!] = percent / 100;
    sum += percent;
  }
  return Math.abs(sum - 100) < 1e-6 && Object.keys(parts).length > 1 ? parts : undefined;
}

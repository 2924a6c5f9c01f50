import { SlipwayError } from './errors.ts';
import { LIMITS } from './limits.ts';

const NAME = /^[a-z0-9][a-z0-9._-]*$/;

/** Names of data sets, models, deployments and pipelines: they stand in URLs, file names and SQL, so they are narrow. */
export function isName(text: string): boolean {
  return text.length <= LIMITS.nameCharsMax && NAME.test(text) && !text.includes('..');
}

export function requireName(what: string, text: string): string {
  if (isName(text)) return text;
  throw new SlipwayError('USAGE', {
    message: `'${text.slice(0, 80)}' is not a name for a ${what}`,
    fix: `Use lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit, at most ${LIMITS.nameCharsMax} characters.`,
    details: { what, name: text.slice(0, 200) },
  });
}

/** A usable name from any text: 'Adult Income.csv' → 'adult-income'. */
export function nameFrom(text: string): string {
  const slug = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, LIMITS.nameCharsMax);
  return slug === '' ? 'unnamed' : slug;
}

/** The candidate nearest to `text` by edit distance (case-insensitive), or undefined when nothing is near. */
export function nearestName(text: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(text.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length]!;
}

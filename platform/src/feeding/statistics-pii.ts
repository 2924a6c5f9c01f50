import type { ColumnProfile } from '../contracts/profile.ts';

/** Sampled values, and those among them that look like a kind of personal data. Adds up over parts. */
export type PiiCounts = Readonly<Record<'values' | PiiKind, number>>;

type PiiKind = NonNullable<ColumnProfile['pii']>['kind'];

const KINDS: readonly PiiKind[] = ['email', 'card', 'national-id', 'phone'];
/** From this share of values on the column is said to hold personal data. */
const SHARE_MIN = 0.5;

export const NO_PII: PiiCounts = { values: 0, email: 0, phone: 0, card: 0, 'national-id': 0 };

export function piiCounts(texts: Iterable<string>): PiiCounts {
  const counts: Record<keyof PiiCounts, number> = { ...NO_PII };
  for (const text of texts) {
    counts.values++;
    const kind = kindOf(text.trim());
    if (kind !== undefined) counts[kind]++;
  }
  return counts;
}

export function addPii(a: PiiCounts, b: PiiCounts): PiiCounts {
  const sum: Record<keyof PiiCounts, number> = { ...a, values: a.values + b.values };
  for (const kind of KINDS) sum[kind] += b[kind];
  return sum;
}

export function likelyPii(counts: PiiCounts): ColumnProfile['pii'] {
  const best = KINDS.reduce((most, kind) => (counts[kind] > counts[most] ? kind : most));
  const share = counts.values === 0 ? 0 : counts[best] / counts.values;
  return share >= SHARE_MIN ? { kind: best, share } : null;
}

/** US social security, UK national insurance. */
const NATIONAL_ID = /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$|^[A-CEGHJ-PR-TW-Z]{2} ?(\d\d ?){3}[A-D]$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[a-z]{2,}$/i;
/** With a plus or marks between the digits: digits alone are rather a code. */
const PHONE = /^(\+[\d ().-]{7,22}|\(?\d{2,5}\)?[ /.-]\d[\d ./-]{4,16})$/;
const DATE_OR_ADDRESS = /^\d{4}[-/.]\d\d?[-/.]\d\d?|^\d\d?[-/.]\d\d?[-/.]\d{2,4}|^\d{1,3}(\.\d{1,3}){3}$/;

function kindOf(text: string): PiiKind | undefined {
  if (text.length < 7 || text.length > 100) return undefined;
  if (EMAIL.test(text)) return 'email';
  if (NATIONAL_ID.test(text)) return 'national-id';
  if (/^\d[\d -]{11,22}$/.test(text) && isCard(text)) return 'card';
  if (!PHONE.test(text) || DATE_OR_ADDRESS.test(text)) return undefined;
  const digits = text.replaceAll(/\D/g, '').length;
  return digits >= 7 && digits <= 15 ? 'phone' : undefined;
}

/** 13 to 19 digits that satisfy Luhn's check (ISO/IEC 7812). */
function isCard(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  if (digits.length < 13 || digits.length > 19) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

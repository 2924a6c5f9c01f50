import { describe, expect, it } from 'vitest';
import { failureOf } from './failure.ts';
import { readBudget, readNames, readPort, readTypes, readWhole } from './launch-options.ts';

const failing = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return failureOf(error);
  }
  throw new Error('it did not fail');
};

describe('options of launch', () => {
  it('gathers columns from several options and comma-separated lists', () => {
    expect(readNames(['a, b', 'c d', 'e\\,f'])).toEqual(['a', 'b', 'c d', 'e,f']);
    expect(readNames([' , '])).toEqual([]);
  });
  it('reads column types; the last = parts', () => {
    expect(readTypes(['zip=string,age=integer', 'a=b=date'])).toEqual({
      zip: 'string',
      age: 'integer',
      'a=b': 'date',
    });
  });
  it.each([
    ['zip', 'is not column=type'],
    ['=string', 'is not column=type'],
    ['zip=strnig', "Did you mean 'string'?"],
    ['zip=blob9', 'Types are string'],
  ])('refuses --types %j with exit 2', (text, said) => {
    const { error, exit } = failing(() => readTypes([text]));
    expect(exit).toBe(2);
    expect(`${error.message} ${error.fix}`).toContain(said);
  });
  it.each([
    ['30s', 30],
    ['2m', 120],
    ['1h', 3600],
    ['45', 45],
    ['1.5m', 90],
  ])('reads --budget %s as %d seconds', (text, seconds) => expect(readBudget(text)).toBe(seconds));
  it.each(['0s', '', 'soon', '-3s', '25h', '1e9'])('refuses --budget %j', (text) => {
    expect(failing(() => readBudget(text)).exit).toBe(2);
  });
  it('refuses numbers that are not whole, and ports beyond 65535', () => {
    expect(readWhole('--seed', '7', 0)).toBe(7);
    for (const text of ['7.5', '-1', 'x', ''])
      expect(failing(() => readWhole('--seed', text, 0)).exit).toBe(2);
    expect(readPort(undefined)).toBeUndefined();
    expect(failing(() => readPort('70000')).exit).toBe(2);
  });
});

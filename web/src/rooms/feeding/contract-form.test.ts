import { describe, expect, it } from 'vitest';
import type { ContractBody } from '../../../../platform/src/contracts/data-contracts.ts';
import { lackOf, readBound, readReference, readValues, withRule, writeFresh } from './contract-form.ts';

const age = { name: 'age', type: 'integer' as const };

describe('the contract form', () => {
  it('sets a rule, and takes it away when it is emptied', () => {
    const asked = withRule(age, 'required', true);
    expect(asked).toEqual({ ...age, required: true });
    expect(withRule(asked, 'required', false)).toEqual(age);
    expect(withRule({ ...age, pattern: 'x' }, 'pattern', '')).toEqual(age);
  });

  it('reads bounds as the column has them', () => {
    expect(readBound(age, ' 18 ')).toBe(18);
    expect(readBound(age, '')).toBeUndefined();
    expect(readBound({ name: 'd', type: 'date' }, '2025-01-01')).toBe('2025-01-01');
  });

  it('reads values and references', () => {
    expect(readValues('a, b,')).toEqual(['a', 'b']);
    expect(readValues(' ')).toBeUndefined();
    expect(readReference('orders:id')).toEqual({ dataset: 'orders', column: 'id' });
  });

  it('says what keeps it from being sent', () => {
    const body = {
      columns: [{ ...age, references: { dataset: 'o', column: '' } }],
    } as unknown as ContractBody;
    expect(lackOf(body)).toContain('data-set:column');
    expect(lackOf({ columns: [{ ...age, min: 'ten' }] } as unknown as ContractBody)).toContain('numbers');
    expect(lackOf({ columns: [age] } as unknown as ContractBody)).toBeUndefined();
  });

  it('writes ages', () => {
    expect([null, 604_800, 5400, 90].map(writeFresh)).toEqual(['', '7d', '90m', '90s']);
  });
});

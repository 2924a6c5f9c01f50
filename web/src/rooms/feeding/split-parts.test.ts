import { describe, expect, it } from 'vitest';
import { readParts } from './split-parts.ts';

describe('parts of a split', () => {
  it('are read as shares that add up to one', () => {
    expect(readParts('train 80, test 20')).toEqual({ train: 0.8, test: 0.2 });
    expect(readParts('train: 70, valid=15 , test 15%')).toEqual({ train: 0.7, valid: 0.15, test: 0.15 });
  });

  it('are refused when they do not', () => {
    for (const text of [
      '',
      'train 80',
      'train 80, test 30',
      'train 50, train 50',
      '80, 20',
      'train 100, test 0',
    ])
      expect(readParts(text)).toBeUndefined();
  });
});

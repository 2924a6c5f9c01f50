import { describe, expect, it } from 'vitest';
import { editable, exactText, fieldSpans, locate, restored, visible } from './raw-record.ts';

const csv = { format: 'csv', delimiter: ',', columns: ['id', 'age', 'note'] };
const at = (text: string, more: { reason?: string; column?: string; message?: string }, shape = csv) => {
  const span = locate({ text, reason: 'WRONG_TYPE', message: '', ...more }, shape);
  return span === undefined ? undefined : text.slice(span.start, span.end);
};

describe('a record that was kept back', () => {
  it('has its failing field found by place, or by the value where the source orders columns otherwise', () => {
    expect(at('c1,forty,x\n', { column: 'age', message: '"forty" is not an integer' })).toBe('forty');
    expect(at('forty,c1,x\n', { column: 'age', message: '"forty" is not an integer' })).toBe('forty');
    expect(at('c1,,x\n', { column: 'age', message: 'is required' })).toBe('');
    expect(at('c1,1,x,extra,more\n', { reason: 'TOO_MANY_FIELDS' })).toBe('extra,more');
    expect(at('c1,"open,x\n', { reason: 'UNCLOSED_QUOTE' })).toBe('"open,x');
    expect(at('c1,1,caf\uFFFD,\n', { reason: 'INVALID_UTF8' })).toBe('\uFFFD');
  });

  it('keeps commas inside quotes together', () => {
    const text = '"a,b",2\n';
    expect(fieldSpans(text, ',').map(({ start, end }) => text.slice(start, end))).toEqual(['"a,b"', '2']);
  });

  it('has its failing member found in JSON', () => {
    const json = { ...csv, format: 'ndjson' };
    expect(at('{"id":"1","age": "forty","note":null}', { column: 'age' }, json)).toBe('"forty"');
  });

  it('shows every byte', () => {
    expect(visible('a\tb\r\n').map(({ text }) => text)).toEqual(['a', '\\t', 'b', '\\r', '\\n']);
    expect(exactText(new Uint8Array([0x63, 0xe9, 0x2c, 0xc3, 0xa9]))).toBe('c\\xE9,é');
  });

  it('keeps its line ends through the editor', () => {
    expect(editable('"a\r\nb",1\r\n')).toBe('"a\nb",1');
    expect(restored('"a\nc",1', '"a\r\nb",1\r\n')).toBe('"a\r\nc",1\r\n');
    expect(restored('x', 'y')).toBe('x');
  });
});

/**
 * Small CSV texts in memory (requests, samples), by RFC 4180: a quote at the beginning of a field, doubled quotes inside; \n, \r\n or
 * \r end a record; blank lines are none. Forgiving: text after a closing quote belongs to the field.
 *
 * @param recordsMax stops after this many records
 */
export function parseCsvText(text: string, delimiter: string, recordsMax: number): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let position = 0;
  while (position < text.length && records.length < recordsMax) {
    const field =
      text[position] === '"' ? readQuoted(text, position, delimiter) : readPlain(text, position, delimiter);
    record.push(field.value);
    position = field.end;
    if (text[position] === delimiter) {
      position++;
      if (position < text.length) continue;
      record.push('');
    }
    if (text[position] === '\r') position++;
    if (text[position] === '\n') position++;
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}

function readQuoted(text: string, start: number, delimiter: string): { value: string; end: number } {
  let value = '';
  let position = start + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote === -1) return { value: value + text.slice(position), end: text.length };
    value += text.slice(position, quote);
    if (text[quote + 1] !== '"') {
      const rest = readPlain(text, quote + 1, delimiter);
      return { value: value + rest.value, end: rest.end };
    }
    value += '"';
    position = quote + 2;
  }
}

function readPlain(text: string, start: number, delimiter: string): { value: string; end: number } {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++;
  return { value: text.slice(start, end), end };
}

// The UCI Adult table as a training set, and sets as files for a Python process.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeFeatureRows } from '../platform/dist/tables/features.js';

/** UCI Adult: every fifth row held out; '?' is missing. */
export function adult(path) {
  const lines = readFileSync(path, 'utf8').trimEnd().split(/\r?\n/);
  const names = lines[0].split(',');
  const cells = lines.slice(1).map((line) => line.split(',').map((cell) => cell.trim()));
  const rows = cells.length;
  const features = names.slice(0, -1).map((name, j) => {
    const texts = cells.map((row) => (row[j] === '?' ? '' : row[j]));
    if (texts.every((text) => text === '' || Number.isFinite(Number(text)))) {
      const values = Float32Array.from(texts, (text) => (text === '' ? Number.NaN : Number(text)));
      return { kind: 'numeric', name, values };
    }
    const categories = [...new Set(texts)].filter((text) => text !== '');
    const codes = Int32Array.from(texts, (text) => categories.indexOf(text));
    return { kind: 'categorical', name, codes, categories };
  });
  const target = Float64Array.from(cells, (row) => (row[names.length - 1].startsWith('>50K') ? 1 : 0));
  return split({ features: { rows, features }, target, task: 'binary', classes: 2 }, (row) => row % 5 !== 0);
}

export function split(set, isTrain) {
  const all = Array.from({ length: set.features.rows }, (_, row) => row);
  const take = (rows) => ({
    ...set,
    features: takeFeatureRows(set.features, rows),
    target: Float64Array.from(rows, (row) => set.target[row]),
  });
  return {
    train: take(Int32Array.from(all.filter(isTrain))),
    test: take(Int32Array.from(all.filter((row) => !isTrain(row)))),
  };
}

/** Features as column-major float32, categories as their codes. */
export function columnsOf(set) {
  return set.features.features.map((feature) =>
    feature.kind === 'numeric'
      ? feature.values
      : Float32Array.from(feature.codes, (code) => (code < 0 ? Number.NaN : code)),
  );
}

/** Writes <part>-x (column-major float32) and <part>-y (float64); returns the indices of the categorical columns. */
export function writeSets(folder, sets) {
  for (const [part, set] of Object.entries(sets)) {
    const columns = columnsOf(set).map((column) => Buffer.from(column.buffer));
    writeFileSync(join(folder, `${part}-x`), Buffer.concat(columns));
    writeFileSync(join(folder, `${part}-y`), Buffer.from(set.target.buffer));
  }
  const [first] = Object.values(sets);
  return first.features.features.flatMap(({ kind }, j) => (kind === 'categorical' ? [j] : []));
}

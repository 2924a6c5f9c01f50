import { readFileSync } from 'node:fs';
import { reasonsUnavailable } from '../../deployment/errors.ts';
import type { RawContributions } from '../../deployment/types.ts';
import { createExplainer, type ExplainableModel } from '../../estimators/explain/explainer.ts';
import type { Coercions } from '../../tables/coercion.ts';
import type { CategoricalFeature, Feature } from '../../tables/features.ts';

/** Contributions of the columns to rows given as graph inputs. */
export type ModelExplainer = (
  rows: number,
  tensors: ReadonlyMap<string, Float32Array | readonly string[]>,
) => RawContributions;

/** @throws REASONS_UNAVAILABLE when the trained model was not kept */
export function openExplainer(path: string | undefined, coercions: Coercions): ModelExplainer {
  if (path === undefined)
    throw reasonsUnavailable('the version in service was registered before reasons were kept');
  const stored = JSON.parse(readFileSync(path, 'utf8')) as ExplainableModel;
  const columnOf = coercions.flatMap(({ column, emits }) => emits.map(({ name }) => [name, column] as const));
  const explainer = createExplainer(stored, new Map(columnOf));
  return (rows, tensors) => {
    const features = Array.from(tensors, ([name, data]): Feature => {
      return data instanceof Float32Array ? { kind: 'numeric', name, values: data } : categories(name, data);
    });
    const { outputs, base, values } = explainer.explain({ rows, features });
    return { rows, columns: explainer.columns, outputs, base, values };
  };
}

function categories(name: string, texts: readonly string[]): CategoricalFeature {
  const known = new Map<string, number>();
  const codes = Int32Array.from(texts, (text) => {
    if (text === '') return -1;
    const code = known.get(text) ?? known.size;
    known.set(text, code);
    return code;
  });
  return { kind: 'categorical', name, codes, categories: [...known.keys()] };
}

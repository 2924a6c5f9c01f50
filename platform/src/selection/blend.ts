import type { BoosterModel, Model, Task, Tree } from '../estimators/types.ts';

const PROBABILITY_MIN = 1e-12;

/**
 * The prediction of a booster whose raw scores are the mean of its members': the geometric mean of odds (binary) or of
 * probabilities (several classes), the plain mean for numbers.
 *
 * @param members row-major rows × outputs each, as `predictModel` gives them
 */
export function blendPredictions(
  task: Task,
  classes: number,
  members: readonly Float64Array[],
): Float64Array {
  const out = new Float64Array(members[0]!.length);
  const share = 1 / members.length;
  if (task === 'regression') {
    for (const member of members) for (let i = 0; i < out.length; i++) out[i]! += share * member[i]!;
    return out;
  }
  for (const member of members) {
    for (let i = 0; i < out.length; i++) out[i]! += share * Math.log(Math.max(PROBABILITY_MIN, member[i]!));
  }
  for (let start = 0; start < out.length; start += classes) {
    let sum = 0;
    for (let k = start; k < start + classes; k++) sum += out[k] = Math.exp(out[k]!);
    for (let k = start; k < start + classes; k++) out[k]! /= sum;
  }
  return out;
}

/**
 * One booster that answers the mean of its members' raw scores: all their trees, leaves scaled. It serves as one graph and needs
 * no ensemble operator. Undefined when the members number or order their features differently.
 */
export function mergeBoosters(members: readonly Model[]): BoosterModel | undefined {
  const [first] = members;
  if (first === undefined || first.family !== 'booster') return undefined;
  const trees: Tree[] = [];
  const base = first.base.map(() => 0);
  const share = 1 / members.length;
  const layout = JSON.stringify(first.features);
  for (const member of members) {
    if (member.family !== 'booster' || JSON.stringify(member.features) !== layout) return undefined;
    member.base.forEach((score, k) => {
      base[k]! += share * score;
    });
    for (const tree of member.trees) {
      trees.push({ ...tree, value: tree.value.map((value) => share * value) });
    }
  }
  return { family: 'booster', task: first.task, features: first.features, base, trees };
}

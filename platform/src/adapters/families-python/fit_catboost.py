"""CatBoost on numbers alone, with the symmetric trees of its JSON model; its own statistics of categories have no place in a
plain tree, so categories come in our order as for all families."""
import json
import os
import tempfile

import numpy as np
from catboost import CatBoost, Pool

from trees import FLOAT32_MAX, Forest

LOSSES = {"binary": "Logloss", "multiclass": "MultiClass", "regression": "RMSE"}
PREDICTIONS = {"binary": "Probability", "multiclass": "Probability", "regression": "RawFormulaVal"}


def fit(job):
    params = {
        "loss_function": LOSSES[job.task],
        "iterations": job.rounds,
        "depth": int(job.params.get("depth", 6)),
        "learning_rate": float(job.params.get("learningRate", 0.1)),
        "l2_leaf_reg": float(job.params.get("lambda", 3)),
        "random_seed": job.seed,
        "thread_count": 1,
        "allow_writing_files": False,
        "verbose": False,
        "nan_mode": "Min",
    }
    if job.task == "multiclass":
        params["classes_count"] = job.classes
    # A column without missing values in training must have none later: they are less than every number, as in its trees.
    complete = ~np.isnan(job.x).any(axis=0)

    def filled(x):
        return np.where(np.isnan(x) & complete, -FLOAT32_MAX, x)

    options = {}
    if job.early:
        options = {"eval_set": Pool(filled(job.valid_x), label=job.valid_y, thread_count=1), "use_best_model": True}
        options["early_stopping_rounds"] = job.patience
    model = CatBoost(params)
    model.fit(Pool(job.x, label=job.y, thread_count=1), **options)
    forest = read_trees(model, job.classes if job.task == "multiclass" else 1)
    kind = PREDICTIONS[job.task]
    return forest, model.tree_count_, lambda x: model.predict(filled(x), prediction_type=kind, thread_count=1)


def read_trees(model, outputs):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        model.save_model(path, format="json")
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
    scale, bias = stored.get("scale_and_bias", [1, [0.0]])
    bias = bias if isinstance(bias, list) else [bias]
    bias = bias if len(bias) == outputs else [0.0] * outputs
    forest = Forest(bias)
    column = [feature["flat_feature_index"] for feature in stored["features_info"]["float_features"]]
    for tree in stored["oblivious_trees"]:
        add_tree(forest, tree, column, outputs, scale)
    return forest


def add_tree(forest, tree, column, outputs, scale):
    """Leaf l lies right of split i when bit i of l is set. The last split becomes the root, so that the leaves stay in order."""
    splits = list(reversed(tree["splits"] or []))
    if any(split["split_type"] != "FloatFeature" for split in splits):
        raise ValueError("a split is not on a number")
    inner = 2 ** len(splits) - 1
    node = np.arange(2 * inner + 1)
    depth = np.floor(np.log2(node[:inner] + 1)).astype(int) if inner else np.zeros(0, int)
    features = np.array([column[split["float_feature_index"]] for split in splits], dtype=int)
    borders = np.array([split["border"] for split in splits], dtype=np.float32)
    leaves = np.array(tree["leaf_values"], dtype=np.float64).reshape(inner + 1, outputs) * scale
    ends = np.full(inner + 1, -1)
    for output in range(outputs):
        forest.add(
            np.concatenate([features[depth], ends]),
            np.concatenate([borders[depth], np.zeros(inner + 1, np.float32)]),
            # Missing values are less than every border.
            np.ones(2 * inner + 1),
            2 * node + 1,
            2 * node + 2,
            np.concatenate([np.zeros(inner), leaves[:, output]]),
        )

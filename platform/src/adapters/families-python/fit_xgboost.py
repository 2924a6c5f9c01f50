"""XGBoost, with the trees of its JSON model."""
import json
import math

import numpy as np
import xgboost

from trees import Forest, below

OBJECTIVES = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}
METRICS = {"binary": "logloss", "multiclass": "mlogloss", "regression": "rmse"}


def fit(job):
    params = {
        "objective": OBJECTIVES[job.task],
        "eval_metric": METRICS[job.task],
        "tree_method": "hist",
        "device": "cpu",
        "nthread": 1,
        "seed": job.seed,
        "max_depth": int(job.params.get("depth", 6)),
        "eta": float(job.params.get("learningRate", 0.1)),
        "lambda": float(job.params.get("lambda", 1)),
        "subsample": float(job.params.get("rowFraction", 1)),
        "colsample_bytree": float(job.params.get("featureFraction", 1)),
        "min_child_weight": float(job.params.get("childWeightMin", 1)),
    }
    if job.task == "multiclass":
        params["num_class"] = job.classes
    train = xgboost.DMatrix(job.x, label=job.y, missing=np.nan, nthread=1)
    options = {}
    if job.early:
        options["evals"] = [(xgboost.DMatrix(job.valid_x, label=job.valid_y, missing=np.nan, nthread=1), "valid")]
        options["early_stopping_rounds"] = job.patience
        options["verbose_eval"] = False
    booster = xgboost.train(params, train, num_boost_round=job.rounds, **options)
    rounds = booster.best_iteration + 1 if job.early else booster.num_boosted_rounds()
    booster = booster[:rounds]
    model = json.loads(bytes(booster.save_raw("json")))["learner"]
    outputs = job.classes if job.task == "multiclass" else 1
    forest = Forest(base_scores(model["learner_model_param"]["base_score"], job.task, outputs))
    trees = model["gradient_booster"]["model"]["trees"]
    # tree_info names each tree's output: the order within a round must be that of the outputs.
    info = model["gradient_booster"]["model"]["tree_info"]
    if list(info) != [t % outputs for t in range(len(trees))]:
        raise ValueError("the trees are not in the order of their outputs")
    for tree in trees:
        add_tree(forest, tree)
    return forest, rounds, lambda x: booster.predict(xgboost.DMatrix(x, missing=np.nan, nthread=1))


def base_scores(text, task, outputs):
    """One value per output, as a raw score: of two classes it is stored as a probability."""
    values = json.loads(text) if text.strip().startswith("[") else [float(text)]
    values = [float(value) for value in values]
    if task == "binary":
        values = [math.log(value / (1 - value)) for value in values]
    return values * outputs if len(values) == 1 else values


def add_tree(forest, tree):
    if any(tree["split_type"]):
        raise ValueError("a split on a set of categories has no threshold")
    left = np.array(tree["left_children"])
    leaf = left < 0
    conditions = np.array(tree["split_conditions"], dtype=np.float32)
    forest.add(
        np.where(leaf, -1, np.array(tree["split_indices"])),
        below(conditions),
        np.array(tree["default_left"]),
        left,
        np.array(tree["right_children"]),
        conditions.astype(np.float64),
    )

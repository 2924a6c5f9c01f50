"""scikit-learn's histogram gradient boosting, with the nodes of its predictors."""
import inspect

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from trees import Forest, at_most


def fit(job):
    kind = HistGradientBoostingRegressor if job.task == "regression" else HistGradientBoostingClassifier
    # Older versions hold rows out by themselves: then all rounds are fitted, and the best is looked for afterwards.
    given = job.early and "X_val" in inspect.signature(kind.fit).parameters
    model = kind(
        max_iter=job.rounds,
        learning_rate=float(job.params.get("learningRate", 0.1)),
        max_leaf_nodes=int(job.params.get("leaves", 31)),
        min_samples_leaf=int(job.params.get("leafRowsMin", 20)),
        l2_regularization=float(job.params.get("lambda", 0)),
        max_features=float(job.params.get("featureFraction", 1)),
        early_stopping=given,
        n_iter_no_change=job.patience,
        scoring="loss",
        tol=0,
        random_state=job.seed,
    )
    rows = {"X_val": job.valid_x, "y_val": job.valid_y} if given else {}
    model.fit(job.x, job.y, **rows)
    rounds = len(model._predictors)
    if given:
        # Scores are negative losses; the first is that of no round at all.
        rounds = max(1, int(np.argmax(model.validation_score_)))
    elif job.early:
        rounds = best_round(model, job)
    model._predictors = model._predictors[:rounds]
    forest = Forest(np.ravel(model._baseline_prediction))
    for predictors in model._predictors:
        for predictor in predictors:
            add_tree(forest, predictor.nodes)
    return forest, rounds, model.predict if job.task == "regression" else model.predict_proba


def best_round(model, job):
    y = job.valid_y
    if job.task == "regression":
        losses = [np.mean((y - p) ** 2) for p in model.staged_predict(job.valid_x)]
    else:
        at = (np.arange(len(y)), y.astype(int))
        losses = [-np.mean(np.log(np.maximum(p[at], 1e-15))) for p in model.staged_predict_proba(job.valid_x)]
    return int(np.argmin(losses)) + 1


def add_tree(forest, nodes):
    if nodes["is_categorical"].any():
        raise ValueError("a split on a set of categories has no threshold")
    leaf = nodes["is_leaf"].astype(bool)
    forest.add(
        np.where(leaf, -1, nodes["feature_idx"].astype(np.int64)),
        at_most(nodes["num_threshold"]),
        nodes["missing_go_to_left"],
        nodes["left"].astype(np.int64),
        nodes["right"].astype(np.int64),
        nodes["value"],
    )

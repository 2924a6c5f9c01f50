"""scikit-learn's random forest and extra trees for numbers: their mean is a sum of trees. (The mean of class shares is not a sum of
raw scores; classes belong to a forest model of their own.)"""
import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from trees import Forest, at_most


def fit(job):
    if job.task != "regression":
        raise ValueError("forests are fitted for numbers only")
    kind = RandomForestRegressor if job.family == "sklearn-forest" else ExtraTreesRegressor
    count = job.rounds
    model = kind(
        n_estimators=count,
        min_samples_leaf=int(job.params.get("leafRowsMin", 2)),
        max_features=float(job.params.get("featureFraction", 1)),
        random_state=job.seed,
        n_jobs=1,
    )
    model.fit(job.x, job.y)
    forest = Forest([0.0])
    for one in model.estimators_:
        tree = one.tree_
        leaf = tree.children_left < 0
        forest.add(
            np.where(leaf, -1, tree.feature),
            at_most(tree.threshold),
            missing_left(tree),
            tree.children_left,
            tree.children_right,
            tree.value[:, 0, 0] / count,
        )
    return forest, count, model.predict


def missing_left(tree):
    return getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))

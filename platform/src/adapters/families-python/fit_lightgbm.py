"""LightGBM, with dump_model's trees."""
import lightgbm
import numpy as np

from trees import Forest, at_most

OBJECTIVES = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}


def fit(job):
    params = {
        "objective": OBJECTIVES[job.task],
        "num_leaves": int(job.params.get("leaves", 31)),
        "learning_rate": float(job.params.get("learningRate", 0.1)),
        "min_data_in_leaf": int(job.params.get("leafRowsMin", 20)),
        "lambda_l2": float(job.params.get("lambda", 0)),
        "feature_fraction": float(job.params.get("featureFraction", 1)),
        "seed": job.seed,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    if job.task == "multiclass":
        params["num_class"] = job.classes
    row_fraction = float(job.params.get("rowFraction", 1))
    if row_fraction < 1:
        params.update(bagging_fraction=row_fraction, bagging_freq=1)
    train = lightgbm.Dataset(job.x, label=job.y, free_raw_data=True)
    options = {}
    if job.early:
        options["valid_sets"] = [lightgbm.Dataset(job.valid_x, label=job.valid_y, reference=train)]
        options["callbacks"] = [lightgbm.early_stopping(job.patience, verbose=False)]
    booster = lightgbm.train(params, train, num_boost_round=job.rounds, **options)
    rounds = booster.best_iteration if job.early and booster.best_iteration > 0 else booster.current_iteration()
    forest = Forest([0.0] * (job.classes if job.task == "multiclass" else 1))
    for info in booster.dump_model(num_iteration=rounds)["tree_info"]:
        add_tree(forest, info["tree_structure"])
    return forest, rounds, lambda x: booster.predict(x, num_iteration=rounds, num_threads=1)


def add_tree(forest, root):
    nodes = []

    def visit(node):
        at = len(nodes)
        nodes.append(None)
        if "leaf_value" in node:
            nodes[at] = (-1, 0.0, 0, 0, 0, node["leaf_value"])
            return at
        if node["decision_type"] != "<=":
            raise ValueError("decision '%s' has no threshold" % node["decision_type"])
        threshold = node["threshold"]
        missing = node["default_left"] if node["missing_type"] == "NaN" else 0.0 <= threshold
        left, right = visit(node["left_child"]), visit(node["right_child"])
        nodes[at] = (node["split_feature"], threshold, int(missing), left, right, 0.0)
        return at

    visit(root)
    feature, threshold, missing, left, right, value = (np.array(column) for column in zip(*nodes))
    forest.add(feature, at_most(threshold), missing, left, right, value)

"""Fits LightGBM or HistGradientBoosting on request: one name per line of input, one line of JSON per answer.

Arguments: folder with train-x, train-y, test-x, test-y (column-major float32, float64), number of columns, categorical
columns joined by commas.
"""
import json
import sys
import time
import warnings

import lightgbm
import numpy
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

warnings.filterwarnings("ignore")
folder, columns, listed = sys.argv[1], int(sys.argv[2]), sys.argv[3]
categorical = [int(column) for column in listed.split(",") if column]


def load(part):
    x = numpy.fromfile(f"{folder}/{part}-x", dtype=numpy.float32).reshape(columns, -1).T
    return numpy.ascontiguousarray(x), numpy.fromfile(f"{folder}/{part}-y")


def fit_lightgbm(x, y):
    parameters = dict(
        objective="binary", num_leaves=31, learning_rate=0.1, max_bin=255, min_data_in_leaf=20, num_threads=1, verbose=-1
    )
    data = lightgbm.Dataset(x, y, categorical_feature=categorical or "auto")
    return lightgbm.train(parameters, data, num_boost_round=100)


def fit_histgradientboosting(x, y):
    model = HistGradientBoostingClassifier(
        max_iter=100,
        max_leaf_nodes=31,
        learning_rate=0.1,
        max_bins=255,
        min_samples_leaf=20,
        early_stopping=False,
        categorical_features=categorical or None,
    )
    return model.fit(x, y)


train_x, train_y = load("train")
test_x, test_y = load("test")
print(json.dumps({"lightgbm": lightgbm.__version__, "histgradientboosting": sklearn.__version__}), flush=True)
for line in sys.stdin:
    kind = line.strip()
    wall, cpu = time.perf_counter(), time.process_time()
    model = fit_lightgbm(train_x, train_y) if kind == "lightgbm" else fit_histgradientboosting(train_x, train_y)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    p = model.predict(test_x) if kind == "lightgbm" else model.predict_proba(test_x)[:, 1]
    print(json.dumps({"wall": wall, "cpu": cpu, "auc": roc_auc_score(test_y, p)}), flush=True)

"""Fits LightGBM once, then explains the same rows with pred_contrib on request; one line of JSON per answer.

Arguments: folder with train-x, train-y, test-x (column-major float32, float64), number of columns, trees, leaves. Categories enter as their
codes, so that both sides can walk the same trees: they are written to model.json.
"""
import json
import sys
import time

import lightgbm
import numpy

folder, columns, trees, leaves = sys.argv[1], *map(int, sys.argv[2:5])


def load(part):
    x = numpy.fromfile(f"{folder}/{part}-x", dtype=numpy.float32).reshape(columns, -1).T
    return numpy.ascontiguousarray(x)


x, test = load("train"), load("test")
parameters = dict(
    objective="binary", num_leaves=leaves, learning_rate=0.1, max_bin=255, min_data_in_leaf=20, num_threads=1, verbose=-1
)
data = lightgbm.Dataset(x, numpy.fromfile(f"{folder}/train-y"))
model = lightgbm.train(parameters, data, num_boost_round=trees)

with open(f"{folder}/model.json", "w") as file:
    json.dump(model.dump_model()["tree_info"], file)
print(json.dumps({"lightgbm": lightgbm.__version__}), flush=True)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    values = model.predict(test, pred_contrib=True, num_threads=1)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    values.tofile(f"{folder}/values")
    print(json.dumps({"wall": wall, "cpu": cpu}), flush=True)

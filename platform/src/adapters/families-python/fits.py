"""One job: rows in, the library's predictions and its trees out."""
import importlib
import time

import numpy as np

from frames import read_frame, write_frame
from trees import FLOAT32_MAX

MODULES = {
    "lightgbm": "fit_lightgbm",
    "xgboost": "fit_xgboost",
    "catboost": "fit_catboost",
    "sklearn-hgb": "fit_sklearn_hgb",
    "sklearn-forest": "fit_sklearn_forest",
    "sklearn-extra": "fit_sklearn_forest",
}


def matrix(values, rows):
    """n x d, column-major; infinities as the greatest number, because not every library takes them."""
    columns = values.reshape(-1, rows).T if rows > 0 else values.reshape(0, 0)
    return np.clip(columns, -FLOAT32_MAX, FLOAT32_MAX)


class Job:
    """What a family's `fit` takes. Targets are class indices (float64) or values."""

    def __init__(self, family, header, arrays):
        self.family = family
        self.task = header["task"]
        self.classes = header["classes"]
        self.params = header["params"]
        self.seed = header["seed"] & 0x7FFFFFFF
        self.x = matrix(arrays["train"], header["rows"])
        self.y = np.array(arrays["target"])
        self.valid_x = matrix(arrays["valid"], header["validRows"]) if header["validRows"] else None
        self.valid_y = np.array(arrays["validTarget"]) if header["validRows"] else None
        self.early = bool(header["earlyStopping"]) and self.valid_x is not None
        self.rounds = int(self.params.get("rounds", 100))
        self.patience = int(self.params.get("earlyStoppingRounds", 40))


def run_job(family, job_path, answer_path):
    module = importlib.import_module(MODULES[family])
    header, arrays = read_frame(job_path)
    job = Job(family, header, arrays)
    started = time.monotonic()
    forest, rounds, predict = module.fit(job)
    seconds = time.monotonic() - started
    predictions = np.zeros(0)
    if job.valid_x is not None:
        predictions = np.asarray(predict(job.valid_x), dtype=np.float64)
        if job.task == "binary" and predictions.ndim == 1:
            predictions = np.column_stack([1 - predictions, predictions])
    write_frame(
        answer_path,
        {"rounds": int(rounds), "seconds": seconds, "base": forest.base},
        {**forest.arrays(), "predictions": np.ascontiguousarray(predictions, dtype=np.float64).ravel()},
    )

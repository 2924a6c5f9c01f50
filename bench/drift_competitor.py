"""Evidently's own default drift decisions, for bench/drift.mjs: reads JSON lines {reference, current}, answers {name: drifted}."""

import json
import sys
import warnings

warnings.filterwarnings("ignore")
import evidently  # noqa: E402
import pandas as pd  # noqa: E402
from evidently import DataDefinition, Dataset, Report  # noqa: E402
from evidently.presets import DataDriftPreset  # noqa: E402

print(json.dumps({"version": evidently.__version__}), flush=True)
definition = DataDefinition(numerical_columns=["number"], categorical_columns=["text"])
reference = None
for line in sys.stdin:
    job = json.loads(line)
    if job.get("reference") is not None:
        reference = Dataset.from_pandas(pd.DataFrame(job["reference"]), data_definition=definition)
    current = Dataset.from_pandas(pd.DataFrame(job["current"]), data_definition=definition)
    result = json.loads(Report([DataDriftPreset()]).run(current, reference).json())
    answer = {}
    for metric in result["metrics"]:
        config = metric.get("config", {})
        if "column" not in config:
            continue
        method, threshold, value = config["method"], config["threshold"], metric["value"]
        drifted = value < threshold if "p_value" in method else value >= threshold
        answer[config["column"]] = {"drifted": bool(drifted), "method": method}
    print(json.dumps(answer), flush=True)

# scikit-learn's forests and booster in folds that were drawn elsewhere. Categories enter as ordinal codes (forests) or as such (booster).
import json
import sys
import time

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score

given = json.load(open(sys.argv[1]))
columns = []
categorical = []
for feature in given["features"]:
    if "values" in feature:
        columns.append(np.array([np.nan if v is None else v for v in feature["values"]], dtype=np.float32))
        categorical.append(False)
    else:
        codes = np.array(feature["codes"], dtype=np.float32)
        codes[codes < 0] = np.nan
        columns.append(codes)
        categorical.append(feature["categories"] <= 255)
X = np.column_stack(columns)
y = np.array(given["target"])
fold = np.array(given["fold"])

makers = {
    "sklearnForest": lambda k: RandomForestClassifier(n_estimators=300, random_state=k, n_jobs=1),
    "sklearnExtraTrees": lambda k: ExtraTreesClassifier(n_estimators=300, random_state=k, n_jobs=1),
    "sklearnBooster": lambda k: HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=31, learning_rate=0.1, early_stopping=False,
        categorical_features=categorical if any(categorical) else None, random_state=k),
}
result = {}
for name, make in makers.items():
    scores = []
    began = time.process_time()
    for k in range(given["folds"]):
        train, valid = fold != k, fold == k
        model = make(k).fit(X[train], y[train])
        scores.append(roc_auc_score(y[valid], model.predict_proba(X[valid])[:, 1]))
    result[name] = {"scores": scores, "seconds": time.process_time() - began}
print(json.dumps(result))

"""Trees of all libraries in one form: arrays in which node 0 is the root, feature -1 is a leaf, and a row goes left when its
float32 value <= threshold, or when it is missing and missing_left is 1."""
import numpy as np

FLOAT32_MAX = np.float32(3.4028235e38)


def at_most(thresholds):
    """The greatest float32 not above each threshold: for float32 values "v <= t" then asks the same."""
    wide = np.asarray(thresholds, dtype=np.float64)
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    above = narrow.astype(np.float64) > wide
    narrow[above] = np.nextafter(narrow[above], np.float32(-np.inf))
    return np.clip(narrow, -FLOAT32_MAX, FLOAT32_MAX)


def below(thresholds):
    """The greatest float32 below each float32 threshold: "v < t" as "v <= t"."""
    return np.nextafter(np.asarray(thresholds, dtype=np.float32), np.float32(-np.inf))


class Forest:
    """Gathers trees, round-major."""

    def __init__(self, base):
        self.base = [float(value) for value in base]
        self.parts = []

    def add(self, feature, threshold, missing_left, left, right, value):
        leaf = np.asarray(feature) < 0
        self.parts.append(
            (
                np.where(leaf, -1, feature).astype(np.int32),
                np.where(leaf, 0, threshold).astype(np.float32),
                np.where(leaf, 0, missing_left).astype(np.uint8),
                np.where(leaf, 0, left).astype(np.int32),
                np.where(leaf, 0, right).astype(np.int32),
                np.where(leaf, value, 0).astype(np.float64),
            )
        )

    def arrays(self):
        names = ("feature", "threshold", "missingLeft", "left", "right", "value")
        sizes = np.array([len(part[0]) for part in self.parts], dtype=np.int32)
        types = (np.int32, np.float32, np.uint8, np.int32, np.int32, np.float64)
        joined = {
            name: np.concatenate([part[i] for part in self.parts]) if self.parts else np.zeros(0, types[i])
            for i, name in enumerate(names)
        }
        return {"sizes": sizes, **joined}

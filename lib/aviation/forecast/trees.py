"""Gradient-boosted trees as arrays: what LightGBM trained, predicted by numpy alone.

All nodes of all trees stand in one row of arrays, children side by side: from a node the way goes to `left`, or to
`left` + 1 where the feature is above the threshold. A leaf leads to itself. What is not known (NaN) goes the way that
LightGBM chose: `feature` points to a copy of the column in which it is minus infinity, or plus infinity.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from aviation.forecast.known import Numbers, Reals

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Trees:
    """`roots` are the nodes that trees begin at, `depth` the most steps to a leaf, `width` the number of features;
    `value` is a leaf's, and of another node the mean of its leaves, weighted by the rows they were trained on."""

    roots: Numbers
    feature: Numbers
    left: Numbers
    threshold: Reals
    value: Reals
    depth: int
    width: int

    @classmethod
    def of(cls, dump: dict[str, Any]) -> "Trees":
        """From `Booster.dump_model()`, of a model without categorical features."""
        made = _Made(len(dump["feature_names"]))
        roots = [made.add(tree["tree_structure"]) for tree in dump["tree_info"]]
        feature, threshold, left, value = (np.array(column) for column in zip(*made.nodes, strict=True))
        begin, asked, to = (np.array(each, np.int64) for each in (roots, feature, left))
        return cls(begin, asked, to, threshold, value, made.depth, made.width)

    def predict(self, values: Reals) -> Reals:
        """The raw prediction of each row of `values` (rows by features, NaN where unknown)."""
        said: Reals = self.value[self._leaves(self._doubled(values))].sum(axis=1)
        return said

    def contributions(self, values: Reals) -> Reals:
        """How far each feature moves each row's raw prediction from the mean of all (rows by features): the change of
        `value` at each step of its way down goes to the feature that the step asks (Saabas)."""
        doubled = self._doubled(values)
        moved = np.zeros(len(values) * self.width)
        row = np.arange(len(values))[:, None]
        node = np.broadcast_to(self.roots, (len(values), len(self.roots)))
        for _ in range(self.depth):
            to = self._step(doubled, node)
            place = row * self.width + self.feature[node] % self.width
            change = self.value[to] - self.value[node]
            moved += np.bincount(place.ravel(), change.ravel(), len(moved))
            node = to
        return moved.reshape(len(values), self.width)

    def arrays(self) -> Arrays:
        """As arrays, for a file."""
        small = {"roots": np.int32, "feature": np.int16, "left": np.int32}
        return {field.name: np.asarray(getattr(self, field.name), small.get(field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "Trees":
        """What `arrays` gave."""
        begin, asked, to = (arrays[name].astype(np.int64) for name in ("roots", "feature", "left"))
        return cls(begin, asked, to, arrays["threshold"], arrays["value"], int(arrays["depth"]), int(arrays["width"]))

    def _doubled(self, values: Reals) -> Reals:
        unknown = np.isnan(values)
        return np.hstack([np.where(unknown, -np.inf, values), np.where(unknown, np.inf, values)])

    def _leaves(self, doubled: Reals) -> Numbers:
        node: Numbers = np.broadcast_to(self.roots, (len(doubled), len(self.roots)))
        for _ in range(self.depth):
            node = self._step(doubled, node)
        return node

    def _step(self, doubled: Reals, node: Numbers) -> Numbers:
        row = np.arange(len(doubled))[:, None] * doubled.shape[1]
        asked = doubled.ravel()[row + self.feature[node]]
        to: Numbers = self.left[node] + (asked > self.threshold[node])
        return to


class _Made:
    """The nodes so far: feature, threshold, left, value."""

    def __init__(self, width: int):
        self.width, self.depth = width, 0
        self.nodes: list[list[float]] = []

    def add(self, tree: dict[str, Any]) -> int:
        """Add a tree; its root."""
        self.nodes.append([])
        root = len(self.nodes) - 1
        self._fill(root, tree, 0)
        return root

    def _fill(self, place: int, node: dict[str, Any], depth: int) -> tuple[float, float]:
        """The node's value, and the number of rows that it was trained on."""
        self.depth = max(self.depth, depth)
        if "split_index" not in node:
            self.nodes[place] = [0, np.inf, place, node["leaf_value"]]
            return node["leaf_value"], node.get("leaf_count", 1)
        left = len(self.nodes)
        self.nodes += [[], []]
        (one, rows), (other, more) = (
            self._fill(left + side, node[f"{name}_child"], depth + 1) for side, name in enumerate(("left", "right"))
        )
        value = (one * rows + other * more) / (rows + more)
        # Where no row of the training lacked the feature, LightGBM reads one that is lacking as 0.
        is_left = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
        feature = node["split_feature"] + (0 if is_left else self.width)
        self.nodes[place] = [feature, node["threshold"], left, value]
        return value, rows + more

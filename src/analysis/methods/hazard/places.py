"""Where rows are on their axes: few bytes a row, in memory while few, beyond that in a file.

The file has no name and goes with the process. What the likelihood needs of it is added up block by
block, so that memory does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from pathlib import Path
from tempfile import SpooledTemporaryFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.methods.hazard import likelihood
from analysis.methods.hazard.axes import Axis
from analysis.methods.hazard.columns import Floats
from analysis.methods.hazard.likelihood import Link

_KEPT = 2**26
"""Bytes that are kept in memory."""
_BLOCK = 2**14


@dataclass(frozen=True, slots=True)
class Block:
    """Cells: places by axis, outcome and how many rows they stand for."""

    at: tuple[NDArray[np.intp], ...]
    outcome: Floats
    weight: Floats


class Places:
    """All rows of a model.

    Parameters
    ----------
    axes
        Its axes; for errors by cluster that of the cluster first.
    kept
        How many bytes may stay in memory.
    room
        Folder of the file; else that of the system.
    """

    def __init__(self, axes: Sequence[Axis], kept: int = _KEPT, room: Path | None = None) -> None:
        self.axes = tuple(axes)
        self.cells = 0
        self._kinds = [np.min_scalar_type(len(axis.table)) for axis in axes]
        self._sizes: list[tuple[int, bool]] = []
        self._file = SpooledTemporaryFile(  # noqa: SIM115
            max_size=kept, dir=None if room is None else str(room)
        )
        self._merging: bool | None = None

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def add(self, frame: pd.DataFrame, outcome: Floats, weight: Floats) -> None:
        """Add rows; where it makes them fewer by half, equal ones are put together."""
        at = [axis.place(frame) for axis in self.axes]
        if self._merging is not False and len(frame):
            merged = self._merge(at, outcome, weight)
            if self._merging is None:
                self._merging = len(merged[1]) <= len(outcome) / 2
            if self._merging:
                at, outcome, weight = merged
        self.cells += len(outcome)
        for start in range(0, len(outcome), _BLOCK):
            cut = slice(start, start + _BLOCK)
            counts = weight[cut]
            alone = bool((counts == 1).all())
            for places, kind in zip(at, self._kinds, strict=True):
                self._file.write(places[cut].astype(kind).tobytes())
            self._file.write(outcome[cut].astype(np.uint8).tobytes())
            if not alone:
                self._file.write(counts.tobytes())
            self._sizes.append((len(counts), alone))

    def _merge(
        self, at: list[NDArray[np.intp]], outcome: Floats, weight: Floats
    ) -> tuple[list[NDArray[np.intp]], Floats, Floats]:
        shape = (*(len(axis.table) for axis in self.axes), 2)
        if prod(shape) >= 2**62:
            self._merging = False
            return at, outcome, weight
        keys = np.ravel_multi_index((*at, outcome.astype(np.intp)), shape)
        found, codes = np.unique(keys, return_inverse=True)
        *places, happened = np.unravel_index(found, shape)
        return list(places), happened.astype(float), np.bincount(codes, weight).astype(float)

    def blocks(self) -> Iterator[Block]:
        """Read all cells, some at a time."""
        self._file.seek(0)
        for size, alone in self._sizes:
            at = tuple(self._read(kind, size).astype(np.intp) for kind in self._kinds)
            outcome = self._read(np.dtype(np.uint8), size).astype(float)
            weight = np.ones(size) if alone else self._read(np.dtype(float), size)
            yield Block(at, outcome, weight)

    def _read(self, kind: np.dtype, size: int) -> NDArray:
        return np.frombuffer(self._file.read(size * kind.itemsize), dtype=kind)

    def add_up(self, params: Floats, link: Link) -> tuple[float, Floats, Floats]:
        """Give minus twice the log-likelihood, its slope and the expected information."""
        slopes = [np.zeros(len(axis.table)) for axis in self.axes]
        squares = _Squares(self.axes)
        total = 0.0
        for block, eta in self._predict(params):
            total += likelihood.deviance(block.outcome, eta, block.weight, link)
            score, bend = likelihood.row_parts(block.outcome, eta, link)
            for sums, at in zip(slopes, block.at, strict=True):
                np.add.at(sums, at, block.weight * score)
            squares.add(block.at, block.weight * bend)
        gradient = sum(sums @ axis.table for sums, axis in zip(slopes, self.axes, strict=True))
        return total, np.asarray(gradient), squares.total()

    def observe(self, params: Floats, link: Link) -> Floats:
        """Give the observed information."""
        squares = _Squares(self.axes)
        for block, eta in self._predict(params):
            squares.add(block.at, block.weight * likelihood.bend(block.outcome, eta, link))
        return squares.total()

    def score_clusters(self, params: Floats, link: Link) -> Floats:
        """Add up the scores of each cluster, which is the first axis. Shape (clusters, estimates)."""
        first, *others = self.axes
        count = len(first.table)
        own = np.zeros(count)
        pairs = [np.zeros(count * len(axis.table)) for axis in others]
        for block, eta in self._predict(params):
            score, _ = likelihood.row_parts(block.outcome, eta, link)
            score *= block.weight
            np.add.at(own, block.at[0], score)
            for sums, axis, at in zip(pairs, others, block.at[1:], strict=True):
                np.add.at(sums, block.at[0] * len(axis.table) + at, score)
        scores = own[:, None] * first.table
        for sums, axis in zip(pairs, others, strict=True):
            scores = scores + sums.reshape(count, -1) @ axis.table
        return np.asarray(scores)

    def _predict(self, params: Floats) -> Iterator[tuple[Block, Floats]]:
        parts = [axis.table @ params for axis in self.axes]
        for block in self.blocks():
            eta = parts[0].take(block.at[0])
            for part, at in zip(parts[1:], block.at[1:], strict=True):
                eta += part.take(at)
            yield block, eta


class _Squares:
    """Weighted squares and products of all columns, by pairs of axes that have any."""

    def __init__(self, axes: Sequence[Axis]) -> None:
        self._axes = [(n, axis.table) for n, axis in enumerate(axes) if axis.table.any()]
        self._own = [np.zeros(len(table)) for _, table in self._axes]
        self._pairs = {
            (i, j): np.zeros(len(self._axes[i][1]) * len(self._axes[j][1]))
            for i, j in combinations(range(len(self._axes)), 2)
        }

    def add(self, at: Sequence[NDArray[np.intp]], weight: Floats) -> None:
        for (i, j), sums in self._pairs.items():
            places = at[self._axes[i][0]] * len(self._axes[j][1]) + at[self._axes[j][0]]
            np.add.at(sums, places, weight)
        if not self._pairs:
            np.add.at(self._own[0], at[self._axes[0][0]], weight)

    def total(self) -> Floats:
        tables = [table for _, table in self._axes]
        own = dict(enumerate(self._own))
        for (i, j), sums in self._pairs.items():
            square = sums.reshape(len(tables[i]), -1)
            own[i], own[j] = square.sum(axis=1), square.sum(axis=0)
        total = sum((t.T * own[n]) @ t for n, t in enumerate(tables))
        for (i, j), sums in self._pairs.items():
            crossed = tables[i].T @ sums.reshape(len(tables[i]), -1) @ tables[j]
            total = total + crossed + crossed.T
        return np.asarray(total)

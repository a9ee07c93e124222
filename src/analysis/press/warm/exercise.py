"""What most notebooks do first, done once where every child inherits it.

A library loads and builds much when it is first used, not when it is imported. Here each that is
loaded is used a little, by its objects alone: no figure is left open, no option is changed, no
random number is drawn, and nothing that was made is kept.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Callable


def exercise() -> None:
    """Use the libraries that are loaded; one that fails is left as it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library, use in _USES.items():
            if library in sys.modules:
                with contextlib.suppress(Exception):
                    use()


def _draw() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([1, 2], [1, 4], label="a")
    axes.scatter([1, 2], [2, 3])
    axes.hist([1, 2, 2, 3])
    axes.bar([1], [2])
    axes.errorbar([1, 2], [1, 2], yerr=[0.1, 0.1])
    axes.set_title("A")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")


def _tabulate() -> None:
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 1, 2], "b": [0.5, 1.5, 2.5], "c": ["x", "y", "z"]})
    frame.groupby("a").agg({"b": "mean"}).merge(frame, on="a").describe()
    frame.to_html()
    repr(frame)


def _fit() -> None:
    import pandas as pd
    import statsmodels.formula.api as smf

    frame = pd.DataFrame(
        {"y": [1, 0, 1, 0, 1, 1], "x": [0.1, 0.4, 0.3, 0.2, 0.9, 0.5], "g": [1, 1, 2, 2, 3, 3]}
    )
    fitted = smf.glm("y ~ x", data=frame).fit(cov_type="cluster", cov_kwds={"groups": frame["g"]})
    fitted.summary().as_html()


_USES: dict[str, Callable[[], None]] = {
    "matplotlib.figure": _draw,
    "pandas": _tabulate,
    "statsmodels.formula.api": _fit,
}

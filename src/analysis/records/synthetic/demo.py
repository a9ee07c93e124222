"""A synthetic prefecture, province or country on disk, county by county."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from analysis.errors import UsageError
from analysis.records.county import Place
from analysis.records.reference import load_reference
from analysis.records.regions import Regions, regions
from analysis.records.synthetic.county import make_county
from analysis.records.synthetic.files import total_rows, write_county, write_totals
from analysis.records.synthetic.parameters import Parameters, load_parameters, span
from analysis.records.synthetic.truth import tell

Progress = Callable[[int, int], None]
DECLARATION = "dataset.toml"
TRUTH = "truth.json"
SCHEME = "quality-2017"
"""The scheme that says which schools count when the least number of them is kept."""

_OURS = re.compile(
    r"\d{6}/\d{6}_\d{4}_[^/]+\.(xlsx|csv)|\d{4}_[^/]+\.csv|dataset\.toml|\.?truth\.json(\.part)?"
)
_UNTOLD = ("people", "names", "files", "notice")


@dataclass(frozen=True, slots=True)
class Demo:
    """What was written.

    Attributes
    ----------
    folder
        Where.
    counties, files
        How many.
    rows
        Rows of each table, all counties and years together.
    """

    folder: Path
    counties: int
    files: int
    rows: Mapping[str, int]


def write_demo(
    folder: Path | str,
    *,
    counties: str = "1307",
    scale: float = 1.0,
    seed: int = 1,
    years: range | tuple[int, int] | None = None,
    regime: str | None = "survey",
    progress: Progress | None = None,
) -> Demo:
    """Write a synthetic data set: files as bureaus have them, and the truth beside them.

    All schools, teachers and figures are invented; only how many children there are follows the
    2020 census. What is true is in ``truth.json``: the difference coefficients counted from the
    complete tables, the cells left empty, the schools that did not report, the lists that differ
    from the totals. The census zones 130771-773 are counted with the counties around them (see
    `population`).

    Parameters
    ----------
    folder
        Where to write. An earlier demo in it is replaced; anything else in it is refused.
    counties
        ``1307`` the 16 counties of Zhangjiakou, ``13`` a province, ``130722`` one county,
        ``all`` the whole country.
    scale
        Share of the schools to take, sizes kept, over 0 up to 1; never fewer than 12 that count
        in an assessment, per county and stage.
    seed
        Same seed, same bytes.
    years
        First and last school year; all that are simulated if not said.
    regime
        Which hazards junior pupils leave school with: ``survey`` those of the surveys of about
        2010, ``administrative`` those of the ledgers of recent years; None writes no pupils.
    progress
        Called with the number of counties done and of all.

    Raises
    ------
    UsageError
        For counties, a scale, a seed or years that there are not, and for a folder in use.
    """
    params, reference, places = load_parameters(), load_reference(), regions()
    folder = Path(folder)
    chosen = _choose(counties, places)
    wanted = _years(years, params)
    _check(scale, seed, regime, params)
    _clear(folder)
    _declare(folder, seed, wanted, params)
    head = {
        "synthetic": True,
        "seed": seed,
        "scale": scale,
        "years": list(wanted),
        "counties_asked": counties,
        "regime": regime,
        "notice": params["notice"],
        "parameters": {k: v for k, v in params.items() if k not in _UNTOLD},
    }
    rows: Counter[str] = Counter()
    files = 0
    part = folder / f".{TRUTH}.part"
    with part.open("w", encoding="utf-8", newline="\n") as stream:
        truth = _Truth(stream, head)
        for prefecture, members in groupby(chosen, key=lambda place: place.code[:4]):
            totals = []
            for place in members:
                county = make_county(
                    place, reference.census, params, seed, scheme=reference.scheme(SCHEME),
                    rank=rank_of(place, places), years=wanted, scale=scale, regime=regime,
                )  # fmt: skip
                files += sum(1 for _ in write_county(county, folder, params, reference))
                rows.update({name: len(frame) for name, frame in county.reported.items()})
                totals += total_rows(county, params)
                truth.add(tell(county, reference.schemes))
                if progress:
                    progress(truth.count, len(chosen))
            write_totals(folder / params["files"]["totals"].format(prefecture=prefecture), totals)
            files += 1
        truth.close()
    part.replace(folder / TRUTH)
    return Demo(folder, len(chosen), files + 2, dict(sorted(rows.items())))


class _Truth:
    """The file of the truth, written as the counties come: no more than one is held."""

    def __init__(self, stream: TextIO, head: Mapping[str, Any]) -> None:
        self.stream, self.count = stream, 0
        stream.write(_json(head)[:-1] + ',\n"counties": [')

    def add(self, county: Mapping[str, Any]) -> None:
        self.stream.write(("," if self.count else "") + "\n" + _json(county))
        self.count += 1

    def close(self) -> None:
        self.stream.write("\n]}\n")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _choose(counties: str, places: Regions) -> tuple[Place, ...]:
    if counties == "all":
        return places.counties()
    if not re.fullmatch(r"\d{2}|\d{4}|\d{6}", counties):
        raise UsageError(
            "counties 应为 all、两位省码、四位市码或六位县码",
            "counties is all, or a code: two digits of a province, four of a prefecture, "
            "six of a county",
        )
    return places.counties(counties.ljust(6, "0"))


def rank_of(place: Place, places: Regions) -> int:
    """Give the place of a county among those of its province, whichever counties are made."""
    codes = [each.code for each in places.counties() if each.code[:2] == place.code[:2]]
    return sorted(codes).index(place.code)


def _years(years: range | tuple[int, int] | None, params: Parameters) -> tuple[int, ...]:
    known = span(params)
    asked = known if years is None else range(min(years), max(years) + 1)
    if not asked or asked[0] not in known or asked[-1] not in known:
        raise UsageError(
            f"模拟数据只有 {known[0]}～{known[-1]} 学年",
            f"synthetic data have the school years {known[0]} to {known[-1]}",
        )
    return tuple(asked)


def _check(scale: float, seed: int, regime: str | None, params: Parameters) -> None:
    known = list(params["pupils"]["regime"])
    if regime is not None and regime not in known:
        raise UsageError(f"regime 应为 {'、'.join(known)}", f"regime is one of {', '.join(known)}")
    if not 0 < scale <= 1:
        raise UsageError("scale 应大于 0、不超过 1", "scale is over 0 and at most 1")
    if seed < 0:
        raise UsageError("seed 不能为负数", "seed is not negative")


def _clear(folder: Path) -> None:
    """Make the folder, remove an earlier demo from it, refuse anything else."""
    folder.mkdir(parents=True, exist_ok=True)
    present = [path for path in folder.rglob("*") if path.is_file()]
    foreign = [p for p in present if not _OURS.fullmatch(p.relative_to(folder).as_posix())]
    if foreign or (present and not _is_synthetic(folder / DECLARATION)):
        raise UsageError(
            f"文件夹 {folder.name} 中有其他文件，请换一个空文件夹",
            f"the folder {folder.name} holds other files; name an empty one",
        )
    for path in present:
        path.unlink()
    for path in folder.iterdir():
        path.rmdir()


def _is_synthetic(declaration: Path) -> bool:
    if not declaration.is_file():
        return False
    return bool(tomllib.loads(declaration.read_text(encoding="utf-8")).get("synthetic"))


def _declare(folder: Path, seed: int, years: tuple[int, ...], params: Parameters) -> None:
    notice = params["notice"]
    lines = [
        f'source_zh = "{notice["source_zh"].format(seed=seed)}"',
        f'source_en = "{notice["source_en"].format(seed=seed)}"',
        f"as_of = {params['files']['as_of'].format(year=years[-1])}",
        "synthetic = true",
        "names_public = false",
    ]
    (folder / DECLARATION).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")

"""Fonts by path, no box for a missing character, nothing global touched, same bytes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib
import pytest

from analysis import wire
from analysis.display import theme
from analysis.errors import RenderError


def test_every_division_name_of_rare_characters_has_a_font() -> None:
    assert theme.font("鄠邑浉瀍猇甪●◐◑○～−²", "county").get_size() == theme.SIZE


@pytest.mark.parametrize(
    ("text", "point"), [("𠮷小学", "U+20BB7"), ("◔", "U+25D4"), ("\ue000", "U+E000")]
)
def test_a_character_without_a_font_is_named_with_its_field(text: str, point: str) -> None:
    with pytest.raises(
        RenderError, match=rf"{point.replace('+', '[+]')}.*sample\.school"
    ) as caught:
        theme.font(text, "sample.school")
    assert point in caught.value.zh
    assert point in caught.value.en


def test_a_further_font_is_asked_only_for_what_the_shipped_one_lacks(
    monkeypatch: pytest.MonkeyPatch, shipped_font: Path
) -> None:
    dejavu = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    monkeypatch.setenv(wire.FONTS_VARIABLE, str(dejavu))
    assert theme.font("均衡", "x").get_family() == [str(shipped_font)]
    assert theme.font("◔ 均衡", "x").get_family() == [str(shipped_font), str(dejavu)]

    def drawn(text: str) -> list[str]:
        figure = theme.new_figure(1.0)
        figure.text(0.1, 0.5, text, fontproperties=theme.font(text, "x"))
        return re.findall(r'<path id="([^"]+)"', theme.to_svg(figure))

    with warnings.catch_warnings(), theme.drawing():
        warnings.simplefilter("error")  # matplotlib warns of a box it draws
        usual, rare, both = drawn("均衡"), drawn("◔"), drawn("◔均衡")
    assert sorted(both) == sorted([*usual, *rare])


def test_a_font_that_cannot_be_read_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.otf"
    broken.write_bytes(b"no font")
    monkeypatch.setenv(wire.FONTS_VARIABLE, str(broken))
    with pytest.raises(RenderError, match=r"broken\.otf"):
        theme.font("◔", "x")


def test_drawing_restores_what_the_user_had_set() -> None:
    with matplotlib.rc_context({"svg.fonttype": "none", "savefig.bbox": "tight"}):
        before = dict(matplotlib.rcParams)
        with theme.drawing():
            assert matplotlib.rcParams["svg.fonttype"] == "path"
            assert matplotlib.rcParams["savefig.bbox"] is None
        assert dict(matplotlib.rcParams) == before


def test_wrapped_lines_are_no_wider_than_asked_and_lose_nothing() -> None:
    for text in (
        "每百名学生拥有高于规定学历教师数（人／百人）",
        "Teachers above the required (x) level",
    ):
        lines = theme.wrap(text, 90.0)
        assert len(lines) > 1
        assert all(theme.text_width(line) <= 90.0 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert not any(line[0] in "，。）；)" for line in lines)


def test_importing_display_leaves_matplotlib_as_it_was() -> None:
    code = (
        "import matplotlib; before = dict(matplotlib.rcParams);"
        "import analysis.display, sys;"
        "assert dict(matplotlib.rcParams) == before;"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "MPLBACKEND": "agg"}
    )

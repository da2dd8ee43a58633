"""Charts as SVG, made on the server by Vega-Lite (vl-convert): the same data give the same bytes, nothing is fetched.

A chart never stands alone: beside it are its sentence and its table. Colors have 3:1 against white, and no line is told
from another by color only: lines have their names at their ends, a target is dashed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.core.cache import cache

_BLUE, _GREEN, _INK, _GRID = "#14558f", "#388557", "#1b1b1b", "#dfe1e2"
_SERIES = (_BLUE, _GREEN, "#8a4a1c", "#5e3f8c", "#5c5c5c", "#b50909")
_FONT = "Helvetica, Arial, sans-serif"
_WIDTH, _KEPT = 560, 24 * 3600
MOST_SERIES = len(_SERIES)


@dataclass(frozen=True, slots=True)
class BarData:
    """One bar a label, from top to bottom; None where the figure is not shown. `unit` names what is counted."""

    labels: Sequence[str]
    values: Sequence[int | None]
    unit: str


@dataclass(frozen=True, slots=True)
class LineData:
    """One to six lines over the same labels (points in time, in order); None where there is no figure.

    `target` is a further line, drawn dashed.
    """

    labels: Sequence[str]
    series: Mapping[str, Sequence[int | None]]
    target: tuple[str, Sequence[int | None]] | None = None


def bars(data: BarData) -> str:
    """Horizontal bars with their figures; a hidden one says so in words."""
    rows = [
        {"label": label, "value": value or 0, "text": "not shown" if value is None else f"{value:,}"}
        for label, value in zip(data.labels, data.values, strict=True)
    ]
    place = {"field": "label", "type": "nominal", "sort": None, "axis": {"title": None, "labelLimit": 200}}
    length = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domainMin": 0, "nice": False}}
    layers = [
        {"mark": {"type": "bar", "color": _BLUE, "height": 18}, "encoding": {"x": length}},
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "color": _INK, "fontSize": 13},
            "encoding": {"x": length, "text": {"field": "text"}},
        },
    ]
    return _drawn({"data": {"values": rows}, "height": {"step": 28}, "encoding": {"y": place}, "layer": layers})


def lines(data: LineData) -> str:
    """Lines over time, each with its name at its end."""
    names = [*data.series, *([data.target[0]] if data.target else [])]
    if len(data.series) > MOST_SERIES:
        raise ValueError(f"More than {MOST_SERIES} lines cannot be told apart.")
    every = [*data.series.items(), *([data.target] if data.target else [])]
    rows: list[dict[str, Any]] = [
        {"label": label, "place": place, "name": name, "value": value}
        for name, values in every
        for place, (label, value) in enumerate(zip(data.labels, values, strict=True))
        if value is not None
    ]
    last = {name: max((row["place"] for row in rows if row["name"] == name), default=-1) for name in names}
    ends = [row for row in rows if row["place"] == last[row["name"]]]
    is_target = f"datum.name === {json.dumps(data.target[0] if data.target else '')}"
    colors = {"domain": names, "range": [*_SERIES[: len(data.series)], "#5c5c5c"]}
    color = {"field": "name", "type": "nominal", "legend": None, "scale": colors}
    sideways = {"title": None, "labelAngle": -35, "labelLimit": 120}
    over = {"field": "label", "type": "ordinal", "sort": list(data.labels), "axis": sideways}
    up = {
        "field": "value",
        "type": "quantitative",
        "axis": {"title": None, "format": ",d", "tickCount": 5},
        "scale": {"domainMin": 0},
    }
    dash = {"condition": {"test": is_target, "value": [6, 4]}, "value": [1, 0]}
    place = {"x": over, "y": up, "color": color}
    layers = [
        {"mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 36}}, "encoding": place | {"strokeDash": dash}},
        {
            "data": {"values": ends}, "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 13},
            "encoding": place | {"text": {"field": "name"}},
        },
    ]  # fmt: skip
    return _drawn({"data": {"values": rows}, "height": 260, "layer": layers})


def data_uri(svg: str) -> str:
    """The picture as an address that carries it, for paper."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _drawn(spec: dict[str, Any]) -> str:
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": _WIDTH, "background": "white",
        "padding": {"left": 24, "right": 90, "top": 10, "bottom": 6},
        "config": {
            "font": _FONT, "view": {"stroke": None},
            "axis": {"labelFontSize": 12, "labelColor": _INK, "gridColor": _GRID, "domainColor": "#71767a", "tickColor": "#71767a"},
        },
    } | spec  # fmt: skip
    text = json.dumps(whole, sort_keys=True)
    key = f"chart:{hashlib.sha256(text.encode()).hexdigest()}"
    found = cast("str | None", cache.get(key))
    if found is None:
        import vl_convert  # late: it carries a JavaScript engine, which only those who draw should load

        found = vl_convert.vegalite_to_svg(text, vl_version="6.4")
        cache.set(key, found, _KEPT)
    return found

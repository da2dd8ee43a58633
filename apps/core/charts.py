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
from typing import Any

from apps.core.kept import kept

_BLUE, _GREEN, _INK, _GRID = "#14558f", "#388557", "#1b1b1b", "#dfe1e2"
_SERIES = (_BLUE, _GREEN, "#8a4a1c", "#5e3f8c", "#5c5c5c", "#b50909")
_FONT = "Helvetica, Arial, sans-serif"
# Lines differ by more than their color.
_DASHES = ([1, 0], [10, 3], [2, 2], [10, 3, 2, 3], [5, 2], [1, 3])
_WIDTH, _HEIGHT, _LINE, _KEPT = 560, 260, 16, 24 * 3600
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
    """Lines over time, each with its name at its end; where there is no figure a line has a gap."""
    if len(data.series) > MOST_SERIES:
        raise ValueError(f"More than {MOST_SERIES} lines cannot be told apart.")
    every = [*data.series.items(), *([data.target] if data.target else [])]
    names = [name for name, _ in every]
    rows: list[dict[str, Any]] = [
        {"label": label, "name": name, "value": value}
        for name, values in every
        for label, value in zip(data.labels, values, strict=True)
    ]
    place = _places(data, names)
    dashes = [*_DASHES[: len(data.series)], *([[6, 4]] if data.target else [])]
    dash = {"field": "name", "type": "nominal", "legend": None, "scale": {"domain": names, "range": dashes}}
    layers = [
        {"mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 36}}, "encoding": place | {"strokeDash": dash}},
        *(_name_at_end(row, place) for row in _ends(every, data.labels)),
    ]
    return _drawn({"data": {"values": rows}, "height": _HEIGHT, "layer": layers})


def _places(data: LineData, names: Sequence[str]) -> dict[str, Any]:
    """Where a point stands, and its color."""
    colors = {"domain": names, "range": [*_SERIES[: len(data.series)], "#5c5c5c"]}
    sideways = {"title": None, "labelAngle": -35, "labelLimit": 120}
    upwards = {"title": None, "format": ",d", "tickCount": 5}
    return {
        "x": {"field": "label", "type": "ordinal", "sort": list(data.labels), "axis": sideways},
        "y": {"field": "value", "type": "quantitative", "axis": upwards, "scale": {"domainMin": 0}},
        "color": {"field": "name", "type": "nominal", "legend": None, "scale": colors},
    }


def _ends(every: Sequence[tuple[str, Sequence[int | None]]], labels: Sequence[str]) -> list[dict[str, Any]]:
    """The last point of each line, with how far its name is moved down so that names do not cover each other."""
    highest = max([value for _, values in every for value in values if value is not None], default=1) or 1
    ends: list[dict[str, Any]] = []
    for name, values in every:
        last = max((at for at, value in enumerate(values) if value is not None), default=None)
        if last is not None:
            ends.append({"label": labels[last], "name": name, "value": values[last], "at": last})
    lowest: dict[int, float] = {}
    for end in sorted(ends, key=lambda one: -(one["value"] or 0)):
        wanted = _HEIGHT * (1 - (end["value"] or 0) / highest)
        place = max(wanted, lowest.get(end["at"], -_LINE) + _LINE)
        lowest[end["at"]], end["dy"] = place, round(place - wanted)
    return ends


def _name_at_end(end: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    mark = {"type": "text", "align": "left", "dx": 8, "dy": end["dy"], "fontSize": 13}
    return {"data": {"values": [end]}, "mark": mark, "encoding": place | {"text": {"field": "name"}}}


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
    return kept(f"chart:{hashlib.sha256(text.encode()).hexdigest()}", _KEPT, lambda: _svg(text))


def _svg(spec: str) -> str:
    import vl_convert  # late: it carries a JavaScript engine, which only those who draw should load

    # Nothing may be fetched, whatever a specification asks for.
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version="6.4", allowed_base_urls=[])
    return drawn

"""Frames → charts. No streamlit here; axes have titles with units, marks have tooltips.

Colours come from the theme by their meaning: `STRONG` what one acts on, `MUTED` the rest, `WARN` what goes wrong.
"""

from typing import Any

import altair as alt
import polars as pl

from pages._ui import text
from pages._ui.text import _

STRONG, WARN, GOOD, MUTED = "#2f86a6", "#c98a3c", "#4f9465", "#8a99a6"
HEIGHT = 290
_LABEL = 220  # pixels for a category's name
_POWERS = [0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000]
_LOGARITHMIC: Any = {"values": _POWERS, "labelOverlap": "greedy"}  # of an axis: as many labels as there is room for
_FEW_STEPS = 12  # up to so many steps each one is named on the axis
_NAMED, _ROOMY = 8, 25  # records up to which the picture of a group has names, large circles
_TITLE = 12  # pixels above the plot at which the title of an upright axis stands
_OVER_MARKS = 36  # the same where names of thresholds stand between
_LINKS = [MUTED, STRONG, WARN]  # of a group: the other pairs, those that hold it together, the weakest
_WIDE = 20  # times the smallest column that the largest is, from which columns are drawn logarithmically
_SHADES = [STRONG, WARN, GOOD, "#a8507a", "#7a6fb8", "#94805c", MUTED, "#c2a52c"]


def bars(frame: pl.DataFrame, *, name: str, value: str, titles: tuple[str, str], unit: str = ",.0f") -> alt.Chart:
    """(names, values) in the order to show → horizontal bars. `titles`: of the names and of the values, with unit."""
    return _finish(
        alt.Chart(frame)
        .mark_bar(color=STRONG, cornerRadiusEnd=2)
        .encode(
            x=alt.X(f"{value}:Q", title=titles[1], axis=alt.Axis(format=unit.replace("f", "~f"), tickCount=5)),
            y=alt.Y(f"{name}:N", title=None, sort=None, axis=alt.Axis(labelLimit=_LABEL, labelFlush=False)),
            tooltip=[
                alt.Tooltip(f"{name}:N", title=titles[0]),
                alt.Tooltip(f"{value}:Q", title=titles[1], format=unit),
            ],
        )
        .properties(height=max(96, 26 * frame.height + 44))
    )


def scores(frame: pl.DataFrame, *, groups: list[str], merge: float, review: float) -> alt.LayerChart:
    """(weight, pairs, group) → histogram of match weights on a logarithmic count, with both thresholds marked."""
    drawn = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("low:Q", bin="binned", title=_("match weight, bits (0 means even odds)")),
            x2="high:Q",
            y=alt.Y(
                "pairs:Q",
                stack=None,
                scale=alt.Scale(type="symlog"),
                title=_("pairs (logarithmic)"),
                axis=alt.Axis(format=",.0f", titleY=-_OVER_MARKS, **_LOGARITHMIC),
            ),
            color=alt.Color("group:N", sort=groups, title=None, legend=_legend(), scale=_colours(groups)),
            opacity=alt.value(0.75),
            tooltip=[
                alt.Tooltip("group:N", title=_("pairs that are")),
                alt.Tooltip("low:Q", title=_("weight from"), format=".1f"),
                alt.Tooltip("high:Q", title=_("weight to"), format=".1f"),
                alt.Tooltip("pairs:Q", title=_("pairs"), format=",.0f"),
            ],
        )
        .properties(height=HEIGHT)
    )
    return _finish(drawn + _marks(merge=merge, review=review, title=_("weight"), form=".1f", middle=0.0))


def curve(frame: pl.DataFrame, *, merge: float, review: float, estimate: bool) -> alt.LayerChart:
    """(threshold, measure, value, low, high) → precision and recall against the threshold; bands where there are any.

    An estimate is dashed, what was counted against the truth is solid.
    """
    measures = frame["measure"].unique(maintain_order=True).to_list()
    base = alt.Chart(frame)
    x = alt.X("threshold:Q", title=_("merge threshold (match probability)"), scale=alt.Scale(nice=False))
    y_scale = alt.Scale(domain=[0, 1])
    colour = alt.Color("measure:N", title=None, sort=measures, legend=_legend(), scale=_colours(measures))
    lines = base.mark_line(strokeDash=[6, 4] if estimate else [1, 0], strokeWidth=2).encode(
        x=x,
        y=alt.Y(
            "value:Q",
            title=_("share of pairs"),
            scale=y_scale,
            axis=alt.Axis(format=".0%", titleY=-_OVER_MARKS),
        ),
        color=colour,
        tooltip=[
            alt.Tooltip("measure:N", title=_("measure")),
            alt.Tooltip("threshold:Q", title=_("threshold"), format=".3f"),
            alt.Tooltip("value:Q", title=_("share"), format=".1%"),
        ],
    )
    layers = [lines]
    if frame["low"].is_not_null().any():
        layers.insert(0, base.mark_area(opacity=0.15).encode(x=x, y="low:Q", y2="high:Q", color=colour))
    drawn = alt.layer(*layers).properties(height=HEIGHT)
    return _finish(drawn + _marks(merge=merge, review=review, title=_("threshold"), form=".3f"))


def removable(frame: pl.DataFrame, *, merge: float) -> alt.LayerChart:
    """(threshold, removable) → how many records a merge would remove at each threshold."""
    drawn = (
        alt.Chart(frame)
        .mark_line(interpolate="step-after", strokeWidth=2, color=STRONG)
        .encode(
            x=alt.X("threshold:Q", title=_("merge threshold (match probability)"), scale=alt.Scale(nice=False)),
            y=alt.Y(
                "removable:Q",
                title=_("removable records"),
                axis=alt.Axis(format=",.0f", titleY=-2 * _TITLE),
                scale=alt.Scale(zero=False),
            ),
            tooltip=[
                alt.Tooltip("threshold:Q", title=_("threshold"), format=".3f"),
                alt.Tooltip("removable:Q", title=_("removable records"), format=",.0f"),
            ],
        )
        .properties(height=HEIGHT)
    )
    return _finish(drawn + _marks(merge=merge, review=None, title=_("threshold"), form=".3f"))


def steps(frame: pl.DataFrame, *, chosen: int, levels: pl.DataFrame, title: str, estimate: bool) -> alt.LayerChart:
    """(step, pairs, precision, precision_low, precision_high) of one field → pairs at or above each step as columns,
    their precision as a line on a scale of its own. `levels`: (step, level) where levels of the rules begin.

    An estimate is dashed, as in `curve`. A click on a column is the selection `step`.
    """
    few = frame.height <= _FEW_STEPS
    drawn = frame.with_columns(
        start=pl.col("step") - 0.4, end=pl.col("step") + 0.4, here=pl.col("step") == chosen, floor=pl.lit(0)
    )
    scale = alt.Scale(domain=[drawn["start"].min(), drawn["end"].max()], nice=False, zero=False)
    counts = drawn.filter(pl.col("pairs") > 0)["pairs"].to_list()
    wide = bool(counts) and max(counts) > _WIDE * min(counts)
    tooltip = [
        alt.Tooltip("step:Q", title=title, format="d"),
        alt.Tooltip("pairs:Q", title=_("pairs"), format=",.0f"),
        alt.Tooltip("precision:Q", title=_("precision"), format=".1%"),
    ]
    columns = (
        alt.Chart(drawn)
        .mark_bar(cursor="pointer")
        .encode(
            x=alt.X(
                "start:Q",
                title=title,
                scale=scale,
                axis=alt.Axis(values=frame["step"].to_list(), format="d") if few else alt.Axis(format="d"),
            ),
            x2="end:Q",
            y=alt.Y(
                "pairs:Q",
                title=_("pairs (logarithmic)") if wide else _("pairs"),
                scale=alt.Scale(type="symlog") if wide else alt.Scale(),
                axis=alt.Axis(format=",.0f", **_LOGARITHMIC) if wide else alt.Axis(format=",.0f"),
            ),
            y2="floor:Q",
            color=alt.condition("datum.here", alt.value(STRONG), alt.value(MUTED)),
            opacity=alt.condition("datum.here", alt.value(0.9), alt.value(0.45)),
            tooltip=tooltip,
        )
        .add_params(alt.selection_point(name="step", fields=["step"], on="click"))
    )
    begins = [
        alt.Tooltip("level:N", title=_("level that begins here")),
        alt.Tooltip("step:Q", title=title, format="d"),
    ]
    bounds = (
        alt.Chart(levels)
        .mark_rule(strokeDash=[2, 3], color=GOOD)
        .encode(x=alt.X("step:Q", scale=scale), tooltip=begins)
    )
    shares = alt.Chart(drawn).encode(x=alt.X("step:Q", scale=scale))
    y = alt.Y(
        "precision:Q",
        title=_("precision"),
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", orient="right", titleColor=WARN, labelColor=WARN, grid=False),
    )
    layers = [
        shares.mark_line(color=WARN, strokeWidth=2, strokeDash=[6, 4] if estimate else [1, 0]).encode(y=y),
        shares.mark_point(color=WARN, filled=True, size=28).encode(y=y, tooltip=tooltip),
    ]
    if frame["precision_low"].is_not_null().any():
        layers.insert(0, shares.mark_area(color=WARN, opacity=0.18).encode(y="precision_low:Q", y2="precision_high:Q"))
    both = alt.layer(alt.layer(bounds, columns), alt.layer(*layers)).resolve_scale(y="independent")
    return _finish(both.properties(height=HEIGHT))


def graph(nodes: pl.DataFrame, links: pl.DataFrame, *, roles: list[str], sides: list[str]) -> alt.LayerChart:
    """Records (x, y, number, name, label, side) and pairs (x, y, x2, y2, pair, probability, role) → the picture of a
    group. `roles`: the other pairs, those that hold the group together, the weakest; `sides` of the weakest."""
    named = nodes.height <= _NAMED
    low, high = (-0.12, 1.12) if named else (-0.06, 1.06)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[low, high], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[2 * low, high], nice=False))  # names stand below
    told = [
        alt.Tooltip("pair:N", title=_("records")),
        alt.Tooltip("probability:Q", title=_("match probability"), format=".1%"),
        alt.Tooltip("role:N", title=_("what it does")),
    ]
    there = [role for role in roles if role in links["role"]]
    kinds = alt.Scale(domain=there, range=[dict(zip(roles, _LINKS, strict=True))[role] for role in there])
    lines = (
        alt.Chart(links)
        .mark_rule(strokeCap="round")
        .encode(
            x=x,
            y=y,
            x2="x2:Q",
            y2="y2:Q",
            color=alt.Color("role:N", title=None, sort=there, scale=kinds, legend=_legend(2)),
            strokeWidth=alt.condition(
                alt.FieldEqualPredicate(field="role", equal=roles[0]), alt.value(1), alt.value(3.5)
            ),
            strokeDash=alt.condition(
                alt.FieldEqualPredicate(field="role", equal=roles[2]), alt.value([7, 5]), alt.value([1, 0])
            ),
            opacity=alt.condition(
                alt.FieldEqualPredicate(field="role", equal=roles[0]), alt.value(0.45), alt.value(0.95)
            ),
            tooltip=told,
        )
    )
    who = [
        alt.Tooltip("number:N", title=_("number")),
        alt.Tooltip("name:N", title=_("record")),
        alt.Tooltip("side:N", title=_("where it stands")),
    ]
    base = alt.Chart(nodes).encode(x=x, y=y, tooltip=who)
    tints = alt.Scale(domain=sides, range=["#2c5f78", "#8a5a1c"])
    circles = base.mark_circle(size=420 if nodes.height <= _ROOMY else 220, opacity=1).encode(
        fill=alt.Fill("side:N", title=None, sort=sides, scale=tints, legend=None)
    )
    layers = [lines, circles, base.mark_text(color="white", fontSize=11, fontWeight="bold").encode(text="number:N")]
    if named:
        layers.append(base.mark_text(dy=22, fontSize=11, limit=150, color=MUTED).encode(text="label:N"))
    return _finish(alt.layer(*layers).properties(height=min(480, 200 + 14 * nodes.height)))


def waterfall(frame: pl.DataFrame) -> alt.Chart:
    """(part, start, end, weight, says) in order → how each comparison moves the weight, bits, from left to right."""
    ends = pl.concat([frame["start"], frame["end"]])
    margin = 0.04 * (ends.max() - ends.min()) + 0.1
    domain = [ends.min() - margin, ends.max() + margin]
    direction = alt.condition("datum.weight < 0", alt.value(WARN), alt.value(STRONG))
    return _finish(
        alt.Chart(frame)
        .mark_bar(height=16, cornerRadius=2)
        .encode(
            x=alt.X(
                "start:Q",
                title=_("match weight, bits"),
                scale=alt.Scale(domain=domain),
                axis=alt.Axis(tickCount=7),
            ),
            x2="end:Q",
            y=alt.Y("part:N", sort=None, title=None, axis=alt.Axis(labelLimit=_LABEL)),
            color=direction,
            tooltip=[
                alt.Tooltip("part:N", title=_("comparison")),
                alt.Tooltip("says:N", title=_("level")),
                alt.Tooltip("weight:Q", title=_("weight, bits"), format="+.1f"),
            ],
        )
        .properties(height=max(110, 28 * frame.height + 44))
    )


def gauge(used: float, quota: float, unit: str) -> alt.LayerChart:
    """(used, quota) in the unit named → one bar against the line of the quota."""
    over = used > quota
    frame = pl.DataFrame({"used": [used], "quota": [quota], "row": [""]})
    base = alt.Chart(frame)
    title = _("storage, {unit}", unit=unit)
    bar = base.mark_bar(color=WARN if over else STRONG, height=22, cornerRadiusEnd=3).encode(
        x=alt.X(
            "used:Q", title=title, scale=alt.Scale(domain=[0, max(used, quota) * 1.08]), axis=alt.Axis(tickCount=6)
        ),
        y=alt.Y("row:N", title=None, axis=None),
        tooltip=[
            alt.Tooltip("used:Q", title=_("used, {unit}", unit=unit), format=",.1f"),
            alt.Tooltip("quota:Q", title=_("quota, {unit}", unit=unit), format=",.1f"),
        ],
    )
    line = base.mark_tick(color="#b3423a", thickness=3, size=40, opacity=1).encode(
        x="quota:Q", y=alt.Y("row:N", axis=None)
    )
    return _finish(alt.layer(bar, line).properties(height=88))


def timeline(frame: pl.DataFrame, *, groups: list[str], value_title: str, unit: str = ",.0f") -> alt.Chart:
    """(month, group, value) → stacked columns by month."""
    months = "%Y年%-m月" if text.language() == "zh" else "%b %Y"
    return _finish(
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("month:T", title=_("month"), timeUnit="yearmonth", axis=alt.Axis(format=months)),
            y=alt.Y("value:Q", title=value_title, axis=alt.Axis(format=unit)),
            color=alt.Color("group:N", title=None, sort=groups, legend=_legend(), scale=_colours(groups)),
            tooltip=[
                alt.Tooltip("month:T", title=_("month"), timeUnit="yearmonth", format=months),
                alt.Tooltip("group:N", title=_("what")),
                alt.Tooltip("value:Q", title=value_title, format=unit),
            ],
        )
        .properties(height=HEIGHT)
    )


def group_sizes(frame: pl.DataFrame, *, groups: list[str]) -> alt.Chart:
    """(size, groups, entity) → columns: how many groups have how many records, side by side per entity."""
    return _finish(
        alt.Chart(frame)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("size:N", title=_("records in a group"), axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("entity:N", sort=groups),
            y=alt.Y("groups:Q", title=_("groups"), axis=alt.Axis(format=",.0f")),
            color=alt.Color("entity:N", title=None, sort=groups, legend=_legend(), scale=_colours(groups)),
            tooltip=[
                alt.Tooltip("entity:N", title=_("records")),
                alt.Tooltip("size:N", title=_("records in a group")),
                alt.Tooltip("groups:Q", title=_("groups"), format=",.0f"),
            ],
        )
        .properties(height=HEIGHT)
    )


def _colours(names: list[str]) -> alt.Scale:
    return alt.Scale(domain=names, range=[_SHADES[i % len(_SHADES)] for i in range(len(names))])


def _legend(columns: int = 2) -> alt.Legend:
    return alt.Legend(orient="bottom", direction="horizontal", columns=columns, labelLimit=320, offset=6, padding=0)


def _marks(*, merge: float, review: float | None, title: str, form: str, middle: float = 0.5) -> alt.LayerChart:
    """Upright lines at the thresholds, their names above the plot on the side where there is room."""
    layers = []
    for at, what, line in ((merge, _("merge from here"), -6), (review, _("review from here"), -20)):
        if at is None or (line < -6 and at == merge):
            continue
        base = alt.Chart(pl.DataFrame({"at": [at], "what": [what]})).encode(x="at:Q")
        tooltip = [alt.Tooltip("what:N", title=_("mark")), alt.Tooltip("at:Q", title=title, format=form)]
        layers.append(base.mark_rule(strokeDash=[3, 2], strokeWidth=1.5, color=MUTED).encode(tooltip=tooltip))
        side = {"align": "left", "dx": 2} if at <= middle else {"align": "right", "dx": -2}
        layers.append(
            base.mark_text(baseline="bottom", color=MUTED, fontSize=11, **side).encode(text="what:N", y=alt.value(line))
        )
    return alt.layer(*layers)


def _finish(chart: Any) -> Any:
    """Numbers and months as the language writes them, titles of upright axes level above them, nothing wasted."""
    locale = alt.Locale(number=alt.NumberLocale(**text.number_locale()), time=_time_locale())
    level: Any = {"titleAngle": 0, "titleX": 0, "titleY": -_TITLE, "titleBaseline": "bottom"}
    return (
        chart.properties(padding={"bottom": 4, "right": 6})
        .configure(locale=locale)
        .configure_view(strokeWidth=0)
        .configure_axis(labelSeparation=8)
        .configure_axisLeft(titleAlign="left", **level)
        .configure_axisRight(titleAlign="right", **level)
    )


def _time_locale() -> alt.TimeLocale:
    from babel.dates import get_day_names, get_month_names

    code = {"zh": "zh_Hans"}.get(text.language(), text.language())

    def months(width: str) -> list[str]:
        return [str(get_month_names(width, "stand-alone", code)[m]) for m in range(1, 13)]

    def days(width: str) -> list[str]:
        return [str(get_day_names(width, "stand-alone", code)[d]) for d in (6, 0, 1, 2, 3, 4, 5)]

    return alt.TimeLocale(
        dateTime="%x, %X",
        date="%d.%m.%Y" if text.language() == "ru" else "%Y-%m-%d",
        time="%H:%M:%S",
        periods=["AM", "PM"],
        days=days("wide"),
        shortDays=days("abbreviated"),
        months=months("wide"),
        shortMonths=months("abbreviated"),
    )

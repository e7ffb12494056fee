"""What each stage made of one snapshot's records, kept in the workspace under exactly what it was made of.

    keys of a comparison          its kind, columns and exclusions, the region
    candidate pairs               the blocking rules, the keys they look at
    similarities of a comparison  the pairs, its keys (of given and family names, which are read crosswise: both)
    suggested rules               the open rules that were asked about

Opening a workspace anew reads them back, and a changed comparison costs that comparison alone. Keys are read when
somebody looks at them, which is seldom. Everything here may be missing, and is then worked out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from engine.match import segments
from engine.match.chance import Drawn
from engine.match.compare import CROSSWISE
from engine.match.encode import Encoded
from engine.match.exclusions import speaks_of
from engine.match.kinds import KINDS
from engine.match.remembered import Remembered
from engine.rules import Comparison, Rules, digest, dump, load

Keys = tuple[Mapping[str, Encoded], pl.DataFrame]
Pairs = tuple[pl.DataFrame, pl.DataFrame]
Similar = tuple[dict[str, np.ndarray], dict[str, Drawn]]


class Stages:
    """The stages of the records that `remembered.of` names."""

    def __init__(self, remembered: Remembered, rules: Rules) -> None:
        self._kept, self._rules = remembered, rules
        self._keys = {c.name: self._of_keys(c) for c in rules.comparisons}

    def keys(self, make: Callable[[Sequence[Comparison]], Keys]) -> Keys:
        """`make`: comparisons → keys and ignored values of those → the same of all comparisons of the rules."""
        comparisons = self._rules.comparisons
        ignored = {c.name: frame for c in comparisons if (frame := self._ignored(c)) is not None}
        missing = [c for c in comparisons if c.name not in ignored]
        made: Mapping[str, Encoded] = {}
        if missing:
            made, fresh = make(missing)
            for name, one in made.items():
                ignored[name] = fresh.filter(comparison=name)
                self._kept.keep(self._keys[name], {"ignored": ignored[name], **_packed(one)})
        return _Keys(self, comparisons, dict(made), make), pl.concat([ignored[c.name] for c in comparisons])

    def pairs(self, make: Callable[[], Pairs]) -> Pairs:
        """`make`: → candidate pairs and the report of the blocking rules → the same."""
        name = self._of_pairs()
        tables = self._kept.kept(name, {"pairs": ("left", "right", "found_by"), "report": ("rule",)})
        if tables is not None:
            return tables["pairs"], tables["report"]
        made = make()
        self._kept.keep(name, dict(zip(("pairs", "report"), made, strict=True)))
        return made

    def similarities(self, seed: int, make: Callable[[Sequence[str]], Similar]) -> Similar:
        """`make`: names of comparisons → similarities of the pairs, what random pairs say → the same of all of them."""
        names = [c.name for c in self._rules.comparisons]
        stored = {name: self._similar(name, seed) for name in names}
        if any(stored[name] is None for name in self._crosswise()):
            stored |= dict.fromkeys(self._crosswise())
        missing = [name for name in names if stored[name] is None]
        fresh, drawn = make(missing) if missing else ({}, {})
        for name in missing:
            new = {"similarities": pl.DataFrame({"similarity": fresh[name]})}
            if name in drawn:
                new["chance"] = pl.DataFrame({"met": drawn[name].met, "equal": drawn[name].equal})
            self._kept.keep(self._of_similar(name, seed), new)
        for name, tables in stored.items():
            if tables is not None:
                fresh[name] = _array(tables["similarities"], "similarity")
                if "chance" in tables:
                    drawn[name] = Drawn(_array(tables["chance"], "met"), _array(tables["chance"], "equal"))
        return {name: fresh[name] for name in names}, {name: drawn[name] for name in names if name in drawn}

    def suggested(self, seed: int, make: Callable[[], Rules]) -> Rules:
        """`make`: → the rules suggested for these open rules → the same."""
        name = self._named("suggested", self._rules, seed)
        tables = self._kept.kept(name, {"rules": ("text",)})
        if tables is not None:
            return load(tables["rules"]["text"].item())
        made = make()
        self._kept.keep(name, {"rules": pl.DataFrame({"text": [dump(made)]})})
        return made

    def loaded(self, comparison: Comparison) -> Encoded | None:
        """A comparison → its keys as they were kept; None where they are gone."""
        tables = self._kept.kept(self._keys[comparison.name], _KEYS)
        return None if tables is None else _unpacked(comparison, tables)

    def _ignored(self, comparison: Comparison) -> pl.DataFrame | None:
        tables = self._kept.kept(self._keys[comparison.name], {"ignored": ("comparison", "value", "records", "reason")})
        return None if tables is None else tables["ignored"]

    def _similar(self, name: str, seed: int) -> segments.Tables | None:
        return self._kept.kept(self._of_similar(name, seed), {"similarities": ("similarity",)}, also=("chance",))

    def _of_keys(self, comparison: Comparison) -> str:
        struck = [(e.value, e.domain) for e in self._rules.exclusions if speaks_of(e, comparison)]
        return self._named("keys", self._rules.region, comparison.name, comparison.kind, comparison.columns, struck)

    def _of_pairs(self) -> str:
        rules = self._rules.blocking
        looked_at = sorted({key.partition(".")[0] for rule in rules for key in rule.keys})
        return self._named("pairs", rules, [self._keys[name] for name in looked_at])

    def _of_similar(self, name: str, seed: int) -> str:
        crosswise = self._crosswise()
        keys = [self._keys[one] for one in (crosswise if name in crosswise else [name])]
        return self._named("similar", name, keys, self._of_pairs(), seed, not self._rules.weights.classes)

    def _crosswise(self) -> list[str]:
        return [c.name for c in self._rules.comparisons if c.kind in CROSSWISE]

    def _named(self, what: str, *of: Any) -> str:
        return f"{what}-{digest((self._kept.of, *of))}"


def kept_stages(remembered: Remembered | None, rules: Rules) -> Stages | None:
    """Who remembers, rules → the stages kept of the records in work, None when it is not said which those are."""
    return None if remembered is None or remembered.of is None else Stages(remembered, rules)


class _Keys(Mapping[str, Encoded]):
    """Keys by comparison: those that were made, and those that are on disk until somebody asks for them."""

    def __init__(self, stages: Stages, comparisons: Sequence[Comparison], made: dict[str, Encoded],
                 make: Callable[[Sequence[Comparison]], Keys]) -> None:  # fmt: skip
        self._stages, self._comparisons = stages, {c.name: c for c in comparisons}
        self._made, self._make = made, make

    def __getitem__(self, name: str) -> Encoded:
        if name not in self._made:
            comparison = self._comparisons[name]
            loaded = self._stages.loaded(comparison)
            self._made[name] = self._make([comparison])[0][name] if loaded is None else loaded
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._comparisons)

    def __len__(self) -> int:
        return len(self._comparisons)


_HASHED = {"row": pl.Int32(), "hash": pl.UInt64()}
_KEYS = {"codes": ("code",), "table": (), "holders": ("holders",), "blocking": ("key", "row", "hash")}


def _packed(one: Encoded) -> segments.Tables:
    """Keys of a comparison → tables from which `_unpacked` makes them again."""
    name = pl.Enum(list(one.blocking))
    blocking = [
        pl.DataFrame({"row": row, "hash": hashed}, schema=_HASHED).with_columns(pl.lit(key, name).alias("key"))
        for key, (row, hashed) in one.blocking.items()
    ]
    return {
        "codes": pl.DataFrame({"code": one.codes}),
        "table": one.table,
        "holders": pl.DataFrame({"holders": one.holders}),
        "blocking": pl.concat(blocking) if blocking else pl.DataFrame(schema={**_HASHED, "key": pl.String()}),
    }


def _unpacked(comparison: Comparison, tables: segments.Tables) -> Encoded:
    kind, table = KINDS[comparison.kind], tables["table"]
    parts = tables["blocking"].with_columns(pl.col("key").cast(pl.String)).partition_by("key", as_dict=True)
    blocking = {key: (_array(part, "row"), _array(part, "hash")) for (key,), part in parts.items()}
    for key in kind.block_keys(table.clear()).columns:  # one that no value has
        blocking.setdefault(key, (np.zeros(0, np.int32), np.zeros(0, np.uint64)))
    codes, holders = _array(tables["codes"], "code"), _array(tables["holders"], "holders")
    return Encoded(comparison, kind, codes, table, holders, kind.context(table) if kind.context else None, blocking)


def _array(table: pl.DataFrame, column: str) -> np.ndarray:
    return table[column].to_numpy()

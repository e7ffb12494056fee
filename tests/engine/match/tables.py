"""Small tables and rules that several tests of matching use."""

import polars as pl

from engine.rules import BlockingRule, Comparison, Level, Rules

SHARED = "84952223344"


def compared(name: str, kind: str, *bounds: int, column: str | None = None) -> Comparison:
    """Name, kind, lower bounds of the levels (strongest first) → a comparison of the column of that name."""
    return Comparison(name, kind, (column or name,), tuple(Level(f"from {at}", at) for at in bounds))


def firms() -> pl.DataFrame:
    """Companies: a and b are one, c and d have one name and two tax ids, the others are on their own."""
    return pl.DataFrame(
        {
            "record_id": ["a", "b", "c", "d", "e", "f", "g"],
            "name": ["Вектор", "ООО «Вектор»", "Сатурн", "Сатурн", "Орбита", "Полюс", None],
            "phone": ["8 (495) 111-22-33", "+7 495 111-22-33", SHARED, SHARED, "84953334455", None, "84953334455"],
            "tax_id": ["7707083893", None, "7736050003", "7728168971", None, "", None],
        }
    )  # fmt: skip


def firm_rules() -> Rules:
    """Rules for `firms` in which nothing is estimated yet."""
    return Rules(
        entity="company",
        comparisons=(
            compared("name", "company", 100, 80, 0),
            compared("phone", "phone", 100, 72, 0),
            compared("tax_id", "tax_id", 100, 0),
        ),
        blocking=(BlockingRule("name", ("name.fold",)), BlockingRule("phone", ("phone.number",))),
    )

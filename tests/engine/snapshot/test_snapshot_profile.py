"""The profile of a snapshot: completeness, invalid values, values that several records share."""

import polars as pl

from engine.snapshot import profile
from engine.snapshot.delimited import read as read_delimited
from engine.snapshot.map import apply, recognise

TEXT = """id;ФИО;телефон;e-mail;ИНН;Дата рождения;Дата создания
1;Иванов Пётр;8 916 123-45-67;a@mail.ru;7707083893;01.02.1980;22.03.2022
2;Петр Иванов;+7 (916) 123 45 67;A@MAIL.RU;7707083894;1980;31.02.2022
3;Ким Олег;нет;a@@mail;12345;не помнит;не указана
4;Юн Ина;+7 916 123-45-67, 8 495 000-00-01;;;;
"""


def parts():
    table = read_delimited("f.csv", TEXT.encode())
    mapping = recognise(table)
    return apply([table], [mapping]).frames["contact"], mapping.entities


def test_completeness_counts_filled_and_distinct():
    frame, _ = parts()
    rows = {row["field"]: row for row in profile.completeness(frame, entity="contact").to_dicts()}
    assert (rows["email"]["filled"], rows["email"]["share"], rows["email"]["distinct"]) == (3, 0.75, 3)
    assert rows["position"]["filled"] == 0
    assert profile.completeness(frame).height == frame.width


def test_invalid_values_are_found_with_their_problem():
    frame, mappings = parts()
    found = profile.invalid(frame, entity="contact", mappings=mappings)
    assert found.select("field", "problem", "records", "examples").rows() == [
        ("phone", "not_a_phone", 1, ["нет"]),
        ("email", "not_an_email", 1, ["a@@mail"]),
        ("tax_id", "wrong_check_digits", 1, ["7707083894"]),
        ("birth_date", "not_a_date", 2, ["1980", "не помнит"]),
        ("created_at", "not_a_date", 1, ["31.02.2022"]),
    ]


def test_values_that_several_records_share():
    frame, _ = parts()
    assert profile.repeated(frame, entity="contact").rows() == [
        ("same_phone", 1, 3, 3),
        ("same_email", 1, 2, 2),
        ("same_name", 1, 2, 2),
    ]


def test_an_empty_frame_has_a_profile_too():
    frame, _ = parts()
    assert profile.invalid(frame.clear(), entity="contact").height == 0
    assert profile.repeated(frame.clear(), entity="contact").height == 0
    assert profile.completeness(frame.clear(), entity="contact")["share"].sum() == 0
    assert profile.completeness(pl.DataFrame()).height == 0

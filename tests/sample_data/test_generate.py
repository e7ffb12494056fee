"""The sample accounts are what their README promises, and the generator makes exactly them."""

import csv
import io
import json
import re
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from sample_data.generate import ACCOUNTS, generate

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"
LATEST = SAMPLES / "amocrm" / "2026-10-31"
EARLIER = SAMPLES / "amocrm" / "2026-09-30"
GIGABYTE = 10**9


def rows(path: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def header(path: Path, encoding: str = "utf-8-sig") -> list[str]:
    with path.open(encoding=encoding, newline="") as file:
        return next(csv.reader(file))


def embedded(path: Path, name: str) -> list[dict[str, object]]:
    return json.loads(path.read_text(encoding="utf-8"))["_embedded"][name]


def records(account: str) -> dict[str, str]:
    """Record id → contact or company, of the latest export."""
    if account == "amocrm":
        kinds = {"контакт": "contact", "компания": "company"}
        return {r["ID"]: kinds[r["Тип"]] for r in rows(LATEST / "contacts.csv")}
    folder = SAMPLES / account
    if account == "zoho":
        found = {r["Record Id"]: "contact" for r in rows(folder / "contacts.csv")}
        return found | {r["Record Id"]: "company" for r in rows(folder / "accounts.csv")}
    found = {r["联系人编号"]: "contact" for r in rows(folder / "联系人.csv")}
    return found | {r["客户编号"]: "company" for r in rows(folder / "客户.csv", "gb18030")}


def truth(account: str) -> dict[str, str]:
    return {r["record_id"]: r["cluster_id"] for r in rows(SAMPLES / account / "truth.csv")}


@pytest.fixture(scope="module")
def made_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("again")
    generate(folder)
    return folder


def test_making_it_again_gives_the_committed_bytes(made_again: Path) -> None:
    def contents(root: Path) -> dict[str, bytes]:
        files = [f for name in ACCOUNTS for f in (root / name).rglob("*") if f.is_file()]
        return {f.relative_to(root).as_posix(): f.read_bytes() for f in files}

    again, committed = contents(made_again), contents(SAMPLES)
    assert again.keys() == committed.keys()
    assert [name for name in again if again[name] != committed[name]] == []


def test_another_seed_gives_another_account(made_again: Path, tmp_path: Path) -> None:
    (tmp_path / "zoho").mkdir()
    ACCOUNTS["zoho"](tmp_path / "zoho", seed=8)
    assert (tmp_path / "zoho/contacts.csv").read_bytes() != (made_again / "zoho/contacts.csv").read_bytes()


def test_everything_together_is_small() -> None:
    assert sum(f.stat().st_size for f in SAMPLES.rglob("*") if f.is_file() and "__pycache__" not in f.parts) < 15e6


def test_amocrm_headers_are_those_of_real_exports() -> None:
    contacts, leads = header(LATEST / "contacts.csv"), header(LATEST / "leads.csv")
    assert len(contacts) == 43
    assert contacts[:6] == ["ID", "Тип", "Полное имя контакта", "Имя", "Фамилия", "Название компании"]
    assert len(leads) == 76
    assert leads[2] == "Бюджет "
    assert {h for h, n in Counter(leads).items() if n > 1} == {"roistat", "Товар", "cid", "uid", "tid", "Источник"}


def test_amocrm_counts() -> None:
    kinds = Counter(records("amocrm").values())
    assert 5700 <= kinds["contact"] <= 6300
    assert 1400 <= kinds["company"] <= 1600
    leads = rows(LATEST / "leads.csv")
    assert 4900 <= len(leads) <= 5100
    assert len({r["Воронка"] for r in leads}) == 4
    closed = {r["Этап сделки"] for r in leads if r["Дата закрытия"] != "не закрыта"}
    assert closed == {"Успешно реализовано", "Закрыто и не реализовано"}
    assert any("(уволен)" in r["Ответственный"] for r in leads)


def test_amocrm_files_exceed_the_quota() -> None:
    files, versions = embedded(LATEST / "files.json", "files"), embedded(LATEST / "file_versions.json", "versions")
    quota = json.loads((SAMPLES / "amocrm/quota.json").read_text(encoding="utf-8"))["file_quota_bytes"]
    assert len(files) == 9000
    assert quota == 10 * 1024**3
    assert 13.5 * GIGABYTE <= sum(f["size"] for f in files) <= 15 * GIGABYTE
    assert sum(f["size"] for f in files if not f["is_trashed"]) > quota
    assert 100 <= sum(f["is_trashed"] for f in files) == sum(f["deleted_at"] is not None for f in files)
    assert {f["uuid"] for f in files if f["has_multiple_versions"]} == {v["file_uuid"] for v in versions}
    assert {v["uuid"] for v in versions if v["is_main"]} <= {f["version_uuid"] for f in files}
    assert sum(v["size"] for v in versions if not v["is_main"]) > GIGABYTE
    copies = Counter((f["name"], f["size"]) for f in files)
    assert sum(n - 1 for n in copies.values() if n > 1) > 500


def test_amocrm_links_point_at_records_of_the_export() -> None:
    links = json.loads((LATEST / "links.json").read_text(encoding="utf-8"))
    known = {"leads": {r["ID"] for r in rows(LATEST / "leads.csv")}, "contacts": set(), "companies": set()}
    for record, kind in records("amocrm").items():
        known["contacts" if kind == "contact" else "companies"].add(record)
    assert all(str(e["id"]) in known[e["entity_type"]] for link in links for e in link["entities"])
    assert {link["file_uuid"] for link in links} <= {f["uuid"] for f in embedded(LATEST / "files.json", "files")}
    assert sum(len(link["entities"]) > 1 for link in links) > 300


def test_a_month_lies_between_the_two_exports() -> None:
    earlier = {r["ID"]: r for r in rows(EARLIER / "contacts.csv")}
    latest = {r["ID"]: r for r in rows(LATEST / "contacts.csv")}
    assert len(latest.keys() - earlier.keys()) > 60
    assert len(earlier.keys() - latest.keys()) == 38
    assert sum(earlier[i] != latest[i] for i in earlier.keys() & latest.keys()) > 250
    with zipfile.ZipFile(EARLIER / "leads-and-files.zip") as archive:
        assert sorted(archive.namelist()) == ["file_versions.json", "files.json", "leads.csv", "links.json"]
        leads = list(csv.DictReader(io.StringIO(archive.read("leads.csv").decode())))
        files = json.loads(archive.read("files.json"))["_embedded"]["files"]
    assert len(leads) < len(rows(LATEST / "leads.csv"))
    assert sum(f["size"] for f in files) < sum(f["size"] for f in embedded(LATEST / "files.json", "files"))


@pytest.mark.parametrize("account", ACCOUNTS)
def test_truth_covers_every_contact_and_company(account: str) -> None:
    clusters, kinds = truth(account), records(account)
    assert clusters.keys() == kinds.keys()
    members = defaultdict(set)
    for record, cluster in clusters.items():
        members[cluster].add(kinds[record])
    assert all(len(kind) == 1 for kind in members.values()), "no cluster holds contacts and companies"
    sizes = Counter(clusters.values()).values()
    assert 0.11 <= (len(clusters) - len(sizes)) / len(clusters) <= 0.15
    assert max(sizes) <= 5


@pytest.mark.parametrize(("account", "least"), [("amocrm", 290), ("zoho", 115), ("fxiaoke", 115)])
def test_judgements_agree_with_the_truth(account: str, least: int) -> None:
    clusters, kinds = truth(account), records(account)
    judged = rows(SAMPLES / account / "judgements.csv")
    assert len(judged) >= least
    for row in judged:
        assert row["left_id"] < row["right_id"]
        assert row["entity"] == kinds[row["left_id"]] == kinds[row["right_id"]]
        same = clusters[row["left_id"]] == clusters[row["right_id"]]
        assert row["verdict"] == "unsure" or row["verdict"] == ("match" if same else "non_match")
    verdicts = Counter(row["verdict"] for row in judged)
    assert verdicts["match"] > 50 < verdicts["non_match"]
    assert verdicts["unsure"] > 0


HARD = {
    "amocrm": "namesakes|father and son|spouses|branch|namesake|same office|colleagues on one phone",
    "zoho": "namesakes|father and son|spouses|branch|namesake|colleagues on one phone",
    "fxiaoke": "namesakes|branch|namesake|colleagues on one phone",
}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_hard_negatives_are_of_all_kinds_and_no_duplicates(account: str) -> None:
    clusters = truth(account)
    pairs = rows(SAMPLES / account / "hard_negatives.csv")
    assert set(HARD[account].split("|")) <= {p["reason"] for p in pairs}
    assert all(clusters[p["left_id"]] != clusters[p["right_id"]] for p in pairs)


def test_branches_share_the_tax_id_but_not_the_branch_number() -> None:
    by_id = {r["ID"]: r for r in rows(LATEST / "contacts.csv")}
    branches = [p for p in rows(SAMPLES / "amocrm/hard_negatives.csv") if p["reason"] == "branch"]
    for pair in branches:
        left, right = (re.findall(r"\d{9,12}", by_id[pair[side]]["Примечание 1"]) for side in ("left_id", "right_id"))
        assert left[0] == right[0]
        assert left[1] != right[1]


def inn_is_valid(inn: str) -> bool:
    weights = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]
    ends = [len(inn) - 1] if len(inn) == 10 else [10, 11]
    return len(inn) in (10, 12) and all(
        sum(int(d) * w for d, w in zip(inn[:end], weights[-end:], strict=True)) % 11 % 10 == int(inn[end])
        for end in ends
    )


def test_tax_ids_have_valid_check_digits() -> None:
    notes = [r["Примечание 1"] for r in rows(LATEST / "contacts.csv") if "ИНН" in r["Примечание 1"]]
    numbers = [re.search(r"ИНН\D*(\d+)", note) for note in notes]
    assert len(numbers) > 700
    assert all(number and inn_is_valid(number[1]) for number in numbers)
    assert not inn_is_valid("7707083894")


def uscc_is_valid(code: str) -> bool:
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(letters.index(c) * pow(3, place) for place, c in enumerate(code[:17]))
    organisation, weights = code[8:16], (3, 7, 9, 10, 5, 8, 4, 2)
    inner = (11 - sum(int(c, 36) * w for c, w in zip(organisation, weights, strict=True)) % 11) % 11
    return letters[-total % 31] == code[17] and "0123456789X"[inner] == code[16]


def test_credit_codes_have_valid_check_characters() -> None:
    shown = [r["统一社会信用代码"] for r in rows(SAMPLES / "fxiaoke/客户.csv", "gb18030")]
    codes = ["".join(chr(ord(c) - 0xFEE0) if ord(c) > 0xFF00 else c for c in code) for code in shown if code]
    assert len(codes) > 200
    assert all(len(code) == 18 and uscc_is_valid(code) for code in codes)
    assert any(code and ord(code[0]) > 0xFF00 for code in shown), "some are typed full-width"
    assert uscc_is_valid("91350100M000100Y43")  # the example of GB 32100-2015


def test_mail_and_web_domains_are_reserved_or_invented() -> None:
    allowed = re.compile(r"(\.example|example-mail\.(ru|com|con)|\.exmaple|test\.(ru|com)|no\.ru|none\.com)$")
    texts = [f.read_text(encoding="utf-8-sig") for f in (LATEST / "contacts.csv", SAMPLES / "zoho/contacts.csv")]
    texts += [(SAMPLES / "fxiaoke/联系人.csv").read_text(encoding="utf-8-sig")]
    domains = {d.lower() for text in texts for d in re.findall(r"[\w.-]+@([\w.-]+)", text)}
    assert len(domains) > 300
    assert [d for d in domains if not allowed.search(d)] == []


def test_fxiaoke_encodings_and_required_marks() -> None:
    assert "客户名称（必填）" in header(SAMPLES / "fxiaoke/客户.csv", "gb18030")
    assert "姓名（必填）" in header(SAMPLES / "fxiaoke/联系人.csv")
    with pytest.raises(UnicodeDecodeError):
        (SAMPLES / "fxiaoke/客户.csv").read_text(encoding="utf-8")


def test_zoho_attachments_hang_on_records() -> None:
    known = records("zoho").keys() | {r["Record Id"] for r in rows(SAMPLES / "zoho/deals.csv")}
    attachments = rows(SAMPLES / "zoho/attachments.csv")
    assert list(attachments[0]) == ["Record Id", "Parent.id", "Parent Module", "File Name", "Size", "Created Time"]
    assert all(a["Parent.id"] in known and int(a["Size"]) > 0 for a in attachments)

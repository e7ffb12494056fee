"""What judgements teach: nothing when there are few or when the model is right, and the true bits when it is wrong."""

import msgspec
import numpy as np
import pytest

from engine.match import learn, weigh
from engine.rules import Rules
from tests.engine.match.planted import COMPARISONS, Planted, estimated, plant

RULES = Rules(entity="contact", comparisons=COMPARISONS, blocking=())


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant(5)


@pytest.fixture(scope="module")
def rules(planted: Planted) -> Rules:
    return msgspec.structs.replace(RULES, weights=estimated(planted))


def judged(planted: Planted, rules: Rules, count: int) -> tuple[np.ndarray, np.ndarray]:
    """So many pairs judged: drawn at random within bands of the score, as many from each, as the product draws them."""
    rng = np.random.default_rng(0)
    table = weigh.score(rules.comparisons, rules.weights, planted.patterns)
    band = np.digitize(table["match_probability"].to_numpy()[planted.number], [0.01, 0.2, 0.5, 0.8, 0.99])
    drawn = np.concatenate([rng.permutation(np.flatnonzero(band == b))[: count // 6] for b in range(6)])
    size = len(planted.patterns)
    yes = np.bincount(planted.number[drawn[planted.is_match[drawn]]], minlength=size).astype(float)
    no = np.bincount(planted.number[drawn[~planted.is_match[drawn]]], minlength=size).astype(float)
    return yes, no


def loss(planted: Planted, rules: Rules) -> float:
    """Log loss of the probabilities over all pairs, whose truth is known."""
    table = weigh.score(rules.comparisons, rules.weights, planted.patterns)
    p = table["match_probability"].to_numpy().clip(1e-9, 1 - 1e-9)
    n = table["pairs"].to_numpy()
    return float(-(planted.matches * np.log(p) + (n - planted.matches) * np.log(1 - p)).sum() / n.sum())


def test_no_judgements_or_few_change_nothing(planted, rules):
    assert learn.refined(rules, planted.patterns, None) == rules
    assert learn.refined(rules, planted.patterns, judged(planted, rules, learn.FEWEST - 6)) == rules
    yes, no = judged(planted, rules, 400)
    assert learn.refined(rules, planted.patterns, (yes, np.zeros_like(no))) == rules


def test_a_model_that_is_wrong_about_a_field_is_put_right(planted, rules):
    """The model is made to trust the company by 4 bits too much; judgements take that back."""
    company = next(c for c in rules.comparisons if c.name == "company")
    trusting = msgspec.structs.replace(
        company, levels=(msgspec.structs.replace(company.levels[0], adjust=4.0), *company.levels[1:])
    )
    wrong = msgspec.structs.replace(
        rules, comparisons=tuple(trusting if c is company else c for c in rules.comparisons)
    )
    learnt = learn.refined(wrong, planted.patterns, judged(planted, wrong, 600))
    assert loss(planted, learnt) < loss(planted, wrong)
    after = next(c for c in learnt.comparisons if c.name == "company")
    assert after.levels[0].adjust - after.levels[-1].adjust < 4.0


def test_what_is_learnt_is_the_same_each_time_and_bounded(planted, rules):
    table, said = weigh.score(COMPARISONS, rules.weights, planted.patterns), judged(planted, rules, 600)
    one, other = (learn.correction(COMPARISONS, table, said, seed=3) for _ in range(2))
    assert one == other
    if one is not None:
        assert all(abs(bit) <= learn.MOST for bits in one.levels.values() for bit in bits)


def test_a_correction_is_added_to_what_stood_there(rules):
    learnt = learn.Correction(1.0, {c.name: (0.5, 0.0, -0.25) for c in COMPARISONS})
    comparisons, weights = learn.apply(COMPARISONS, rules.weights, learnt)
    assert [level.adjust for level in comparisons[0].levels] == [-0.25, 0.0, 0.5]
    assert sum(c.share for c in weights.classes) == pytest.approx(1.0, abs=1e-6)

    def odds(classes):
        return sum(c.share for c in classes if c.match) / sum(c.share for c in classes if not c.match)

    assert odds(weights.classes) == pytest.approx(2 * odds(rules.weights.classes), rel=1e-4)

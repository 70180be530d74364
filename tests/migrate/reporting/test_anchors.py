"""Anchors of a page."""

import re

from migrate.reporting.anchors import Anchors


def test_anchors_are_words_whatever_the_name() -> None:
    anchors = Anchors()
    given = [anchors.of("fn", name) for name in ("a/b.py Model.fn", 'a/<x>\udcff".py ü', "", "x")]
    assert given[0].startswith("fn-model-fn-")
    assert all(re.fullmatch(r"[a-z0-9-]+", each) for each in given)
    assert len({*given}) == 4


def test_anchors_are_the_same_in_the_next_report() -> None:
    assert Anchors().of("fn", "a.py f") == Anchors().of("fn", "a.py f")


def test_an_anchor_is_given_out_once() -> None:
    anchors = Anchors()
    given = [anchors.of("fn", "a.py f"), anchors.of("fn", "a.py f")]
    given += [anchors.of_fingerprint("12345678ab"), anchors.of_fingerprint("12345678cd")]
    assert given[1] == f"{given[0]}-2"
    assert given[2:] == ["f-12345678", "f-12345678-2"]

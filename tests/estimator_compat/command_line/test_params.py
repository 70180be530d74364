"""Params from the command line: the types of values, and errors that name each mistake."""

import pytest

from estimator_compat.command_line import params


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("rate=0.1", {"rate": 0.1}),
        ("steps=10", {"steps": 10}),
        ("rate=1e-3", {"rate": 0.001}),
        ("flag=true", {"flag": True}),
        ("flag=False", {"flag": False}),
        ("nothing=null", {"nothing": None}),
        ("nothing=None", {"nothing": None}),
        ("units=[16, 8]", {"units": [16, 8]}),
        ("units=(16, 8)", {"units": (16, 8)}),
        ('nested={"a": {"b": 1}}', {"nested": {"a": {"b": 1}}}),
        ("name=adam", {"name": "adam"}),
        ("name='0.1'", {"name": "0.1"}),
        ("path=/data/x=1/part", {"path": "/data/x=1/part"}),
        ("empty=", {"empty": ""}),
        ("code=__import__('os')", {"code": "__import__('os')"}),
    ],
)
def test_a_value_is_what_it_looks_like(item, expected):
    assert params.parse([item]) == expected


def test_files_and_items_mix_and_the_later_one_wins(tmp_path):
    file = tmp_path / "params.json"
    file.write_text('{"rate": 0.5, "units": [4]}')
    assert params.parse(["rate=1", str(file), "units=[8]"]) == {"rate": 0.5, "units": [8]}


def test_every_mistake_is_named_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(ValueError, match="cannot be read") as raised:
        params.parse(["=3", "list.json", "rate=1"])
    assert str(raised.value).splitlines() == [
        f"`--params` ({item}) cannot be read: {cause}; expected key=value or the path of a JSON "
        "file that contains an object; write for example --params=learning_rate=0.1."
        for item, cause in (("=3", "it has no key"), ("list.json", "it contains a JSON list"))
    ]


@pytest.mark.parametrize("text", [None, "{broken"], ids=["missing", "not JSON"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, text):
    file = tmp_path / "params.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ValueError, match=r"params\.json.*cannot be read"):
        params.parse([str(file)])

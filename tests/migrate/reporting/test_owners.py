"""Who owns a file."""

from pathlib import Path

import pytest

from migrate.reporting.owners import HERE, NO_OWNER, Owners

PATHS = ["a/x.py", "a/b/y.py", "c/docs/z.py", "top.py"]


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_top_folders() -> None:
    owners = Owners(PATHS)
    assert [owners.of(path) for path in PATHS] == ["a", "a", "c", HERE]
    assert owners.source == ""


def test_folders_below_the_one_that_all_files_share() -> None:
    owners = Owners(["src/p/a/x.py", "src/p/b/y.py"])
    assert [owners.of(path) for path in ("src/p/a/x.py", "src/p/b/y.py")] == ["a", "b"]
    assert Owners(["src/p/a.py"]).of("src/p/a.py") == HERE


# As GitHub documents them: the last pattern that matches decides.
@pytest.mark.parametrize(
    ("patterns", "owned"),
    [
        ("* @all", ["@all"] * 4),
        ("* @all\n/a/ @a @a2", ["@a @a2", "@a @a2", "@all", "@all"]),
        ("a/* @direct", ["@direct", NO_OWNER, NO_OWNER, NO_OWNER]),
        ("a/** @deep", ["@deep", "@deep", NO_OWNER, NO_OWNER]),
        ("docs/ @docs", [NO_OWNER, NO_OWNER, "@docs", NO_OWNER]),
        ("/docs/ @docs", [NO_OWNER] * 4),
        ("**/docs @docs", [NO_OWNER, NO_OWNER, "@docs", NO_OWNER]),
        ("*.py @py # a comment", ["@py"] * 4),
        ("* @all\na/b", ["@all", NO_OWNER, "@all", "@all"]),
        ("top?py @top", [NO_OWNER, NO_OWNER, NO_OWNER, "@top"]),
        ("[Models][2] @section\n/a/\n/c/ @c", ["@section", "@section", "@c", NO_OWNER]),
    ],
)
def test_codeowners(tree: Path, patterns: str, owned: list[str]) -> None:
    (tree / ".github").mkdir()
    (tree / ".github" / "CODEOWNERS").write_text(patterns)
    owners = Owners(PATHS)
    assert [owners.of(path) for path in PATHS] == owned
    assert owners.source == ".github/CODEOWNERS"


def test_codeowners_of_a_folder_above(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "CODEOWNERS").write_text("/a/b/ @b\n")
    (tree / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tree / "a" / "b")
    owners = Owners(["y.py"])
    assert owners.of("y.py") == "@b"
    assert owners.source == "../../CODEOWNERS"

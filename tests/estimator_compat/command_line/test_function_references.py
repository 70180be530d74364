"""Loads functions that the command line names; errors say what to do."""

import sys

import pytest

from estimator_compat.command_line import function_references


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with modules, which are removed from `sys.modules` after the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    (tmp_path / "sizes_of_mine.py").write_text("WIDTH = 7\n")
    (tmp_path / "model_of_mine.py").write_text(
        "import sizes_of_mine\n"
        "open('loads.txt', 'a').write('x')\n"
        "def model_fn(): return sizes_of_mine.WIDTH\n"
        "def loads(): return len(open('loads.txt').read())\n"
        "class Model:\n"
        "    @staticmethod\n"
        "    def fn(): return 'dotted'\n"
    )
    (tmp_path / "logging.py").write_text("def model_fn(): return 'not the library'\n")
    (tmp_path / "broken_syntax.py").write_text("def model_fn(:\n")
    (tmp_path / "broken_import.py").write_text("\nimport no_such_library_at_all\n")
    (tmp_path / "broken_file.py").write_text("open('no_such_data.csv')\n")
    (tmp_path / "exits.py").write_text("import sys\nsys.exit('run me otherwise')\n")
    return tmp_path


@pytest.mark.parametrize(
    ("reference", "result"),
    [
        ("model_of_mine.py:model_fn", 7),
        ("./model_of_mine.py:model_fn", 7),
        ("model_of_mine:model_fn", 7),
        ("model_of_mine.py:Model.fn", "dotted"),
        ("model_of_mine:Model.fn", "dotted"),
        ("logging.py:model_fn", "not the library"),
        ("statistics:median.__name__.upper", "MEDIAN"),
    ],
)
def test_a_function_is_found(folder, reference, result):
    assert function_references.load(reference, flag="model_fn")() == result


def test_an_absolute_path_works_from_anywhere(folder, monkeypatch):
    monkeypatch.chdir("/")
    assert function_references.load(f"{folder}/model_of_mine.py:model_fn", flag="model_fn")() == 7


def test_a_file_runs_once_however_often_it_is_named(folder):
    function_references.load("model_of_mine.py:model_fn", flag="model_fn")
    assert function_references.load("./model_of_mine.py:loads", flag="train_input_fn")() == 1
    assert function_references.load("model_of_mine:loads", flag="eval_input_fn")() == 1


def test_a_file_with_the_name_of_a_loaded_module_leaves_that_module_alone(folder):
    import logging

    function_references.load("logging.py:model_fn", flag="model_fn")
    assert sys.modules["logging"] is logging


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (
            "model_of_mine",
            "`--model_fn=model_of_mine` does not name a function; expected `module:name` "
            "or `path/file.py:name`; add what is missing.",
        ),
        (
            "model_of_mine.py:",
            "`--model_fn=model_of_mine.py:` does not name a function; expected `module:name` "
            "or `path/file.py:name`; add what is missing.",
        ),
        (
            "no_such.py:f",
            "`--model_fn=no_such.py:f`: there is no file no_such.py; expected `module:name` or "
            "`path/file.py:name`; check the path, which is taken from {folder}.",
        ),
        (
            "no_such.module:f",
            "`--model_fn=no_such.module:f`: there is no module named no_such; expected "
            "`module:name` or `path/file.py:name`; install it, run from the folder that holds it, "
            "or give the path of the .py file.",
        ),
        (
            "model_of_mine.py:model_function",
            "`--model_fn=model_of_mine.py:model_function`: model_of_mine.py has no "
            "`model_function`; expected a function defined there; it defines Model, loads, "
            "model_fn.",
        ),
        (
            "sizes_of_mine:WIDTH",
            "`--model_fn=sizes_of_mine:WIDTH` is 7, which cannot be called; expected a function; "
            "name the function itself.",
        ),
        (
            "broken_import:f",
            "`--model_fn=broken_import:f`: importing broken_import failed with "
            "ModuleNotFoundError: No module named 'no_such_library_at_all' (broken_import.py, line "
            "2, in <module>); expected a module that can be imported with this TensorFlow; fix it "
            "there, or see the whole traceback with --verbosity=1.",
        ),
        (
            "exits.py:f",
            "`--model_fn=exits.py:f`: exits.py ran its program when it was imported, which ended "
            "with SystemExit: run me otherwise (exits.py, line 2, in <module>); expected a module "
            "that only defines functions; put the call of its `main` below "
            '`if __name__ == "__main__":`.',
        ),
    ],
    ids=lambda value: value if " " not in value else "",
)
def test_a_mistake_is_explained(folder, reference, message):
    with pytest.raises(ValueError, match="--model_fn") as raised:
        function_references.load(reference, flag="model_fn")
    assert str(raised.value) == message.replace("{folder}", str(folder))


@pytest.mark.parametrize(
    ("place", "cause"),
    [("broken_syntax.py", SyntaxError), ("broken_file.py", FileNotFoundError)],
)
def test_the_cause_is_named_and_chained(folder, place, cause):
    with pytest.raises(
        ValueError, match=f"importing {place} failed with {cause.__name__}"
    ) as raised:
        function_references.load(f"{place}:model_fn", flag="model_fn")
    assert isinstance(raised.value.__cause__, cause)


def test_a_file_that_failed_can_be_fixed_and_loaded(folder):
    with pytest.raises(ValueError, match="broken_syntax"):
        function_references.load("broken_syntax.py:model_fn", flag="model_fn")
    (folder / "broken_syntax.py").write_text("def model_fn(): return 'mended'\n")
    assert function_references.load("broken_syntax.py:model_fn", flag="model_fn")() == "mended"

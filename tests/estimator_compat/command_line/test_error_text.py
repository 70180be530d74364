"""The description of an exception: its message, and the place in the user's code."""

import json

import pytest
import tensorflow as tf

from estimator_compat.command_line import error_text, params


def _caught(function):
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def _in_users_code():
    raise KeyError("labels")


def _beneath_users_code():
    json.loads("{")


def _in_our_code():
    params.parse(["="])


def _nowhere():
    raise ValueError


# `co_firstlineno` is the line of `def`; each function's one statement is on the next.
def _line_in(function):
    return function.__code__.co_firstlineno + 1


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (_in_users_code, "KeyError: 'labels'"),
        (
            _beneath_users_code,
            "JSONDecodeError: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)",
        ),
        (_nowhere, "ValueError"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_users_line_is_named(function, expected):
    place = f" (test_error_text.py, line {_line_in(function)}, in {function.__name__})"
    assert error_text.describe(_caught(function)) == expected + place


def test_the_type_of_our_own_errors_is_left_out():
    assert error_text.describe(_caught(_in_our_code)).startswith("`--params` (=) cannot be read")


def test_a_syntax_error_names_its_own_place():
    error = _caught(lambda: compile("def f(:", "model.py", "exec"))
    assert error_text.describe(error) == "SyntaxError: invalid syntax (model.py, line 1)"


def test_the_traceback_of_an_op_is_left_out():
    def run():
        raise RuntimeError("Nan in Tensor\n\nOriginal stack trace for 'Log':\n  File x.py")

    assert error_text.describe(_caught(run)).startswith("RuntimeError: Nan in Tensor (")


def test_the_traceback_of_a_session_error_is_left_out():
    with tf.Graph().as_default():
        checked = tf.debugging.check_numerics(tf.constant(float("nan")), "bad loss")
        with tf.compat.v1.Session() as session:
            error = _caught(lambda: session.run(checked))
    said, _, rest = error_text.describe(error).partition("\n")
    assert said == "InvalidArgumentError: bad loss : Tensor had NaN values"
    assert rest.startswith("\t [[{{node CheckNumerics}}]] (test_error_text.py, line ")


def _reads_a_key(params):
    return params["rate"]


def _reads_an_attribute(params):
    return params.rate


def _reads_another_dict(params):
    other = {"steps": 1}
    return other["rate"]


@pytest.mark.parametrize(
    ("function", "given", "advice"),
    [
        (
            _reads_a_key,
            {"steps": 1},
            "; `params` has no 'rate': pass it in `params`, or with --params=rate=VALUE",
        ),
        (
            _reads_an_attribute,
            {"rate": 1},
            "; `params` is a dict, and the code reads `params.rate`: pass an object with that "
            "attribute, such as an HParams, in a migrate.Target",
        ),
        (_reads_another_dict, {"rate": 1}, ""),
        (_reads_an_attribute, 3, ""),
    ],
)
def test_an_error_about_params_says_how_to_pass_them(function, given, advice) -> None:
    text = error_text.describe(_caught(lambda: function(given)))
    place = f"(test_error_text.py, line {_line_in(function)}, in {function.__name__})"
    assert text.partition(place)[2] == advice

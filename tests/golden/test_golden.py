"""Compares the Estimator with recordings of the real one, program by program."""

import copy
import functools
import re

import pytest

from tests.golden import compare, record
from tests.recording import pythons, values

ESTIMATOR = "estimator_compat"
SAME_KERNELS = "original code on tensorflow 2.21.0"
LAST_RELEASE = "tensorflow 2.15.1"
PROGRAMS = record.program_names()


@functools.cache
def run_of(program: str) -> dict:
    """Runs a program once, in a separate process, for every comparison with it."""
    return record.run_program(program, ESTIMATOR, python=pythons.with_tensorflow())


@pytest.mark.subprocess
@pytest.mark.parametrize("recording", [SAME_KERNELS, LAST_RELEASE])
@pytest.mark.parametrize("program", PROGRAMS)
def test_program_does_what_the_real_estimator_did(program, recording, record_property):
    run, recorded = run_of(program), record.recorded(program)[recording]
    compared = "bits" if compare.same_platform(run, recorded) else f"{compare.TOLERANCE:g}"
    record_property("golden", f"{recording}: {compared}")
    found = compare.differences(run, recorded)
    assert not found, f"`{program}` against `{recording}` ({compared}):\n" + "\n".join(found)


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_is_recorded_by_both(program):
    assert {SAME_KERNELS, LAST_RELEASE} <= record.recorded(program).keys()


def test_every_recording_has_a_program():
    assert sorted(path.stem for path in record.RECORDINGS.glob("*.json")) == PROGRAMS


class TestAWrongRunIsFound:
    """The negative control: a recording against itself, changed in one place."""

    PROGRAM = "default_reduction"

    @pytest.fixture
    def recording(self) -> dict:
        return record.recorded(self.PROGRAM)[SAME_KERNELS]

    @pytest.fixture
    def run(self, recording) -> dict:
        return copy.deepcopy(recording)

    def elsewhere(self, run: dict) -> None:
        run["platform"]["cpu"] = "another"

    def test_the_same_run_is_equal(self, run, recording):
        assert compare.differences(run, recording) == []

    def test_last_bit_of_a_loss(self, run, recording):
        run["losses"][3] = _scaled(run["losses"][3], 1 + 2**-23)
        (found,) = compare.differences(run, recording)
        assert re.search(r"/losses\[3\]: 1 of 1 floats differ, by up to 1.19e-07 .* bits", found)

    def test_last_bit_of_a_loss_on_another_platform(self, run, recording):
        self.elsewhere(run)
        run["losses"][3] = _scaled(run["losses"][3], 1 + 2**-23)
        assert compare.differences(run, recording) == []

    @pytest.mark.parametrize("kind", ["losses", "event", "variable"])
    def test_two_millionths_on_another_platform(self, run, recording, kind):
        self.elsewhere(run)
        if kind == "losses":
            run["losses"][3] = _scaled(run["losses"][3], 1 + 2e-6)
        elif kind == "event":
            row = next(row for row in run["events"]["eval"] if row[1] == "mae")
            row[2] = _scaled(row[2], 1 + 2e-6)
        else:
            _scale_array(run["variables"]["outputs/kernel"], 1 + 2e-6)
        (found,) = compare.differences(run, recording)
        assert "by up to 2" in found
        assert "1e-06 asked for" in found

    @pytest.mark.parametrize("number", ["min", "max", "sum"])
    @pytest.mark.parametrize("part", [0.5e-6, 2e-6])
    def test_a_part_of_a_histograms_largest_value(self, number, part):
        recording = record.recorded("l2_total_loss")[SAME_KERNELS]
        run = copy.deepcopy(recording)
        self.elsewhere(run)
        # The values reach from -0.23 to 0.17 and cancel to a sum of 0.04.
        numbers = next(row for row in run["events"]["."] if row[:2] == [4, "value_1"])[2]
        num, smallest, largest, total = (float.fromhex(one) for one in numbers)
        assert abs(total) < max(-smallest, largest) / 5
        index = ["num", "min", "max", "sum"].index(number)
        change = part * max(-smallest, largest) * (num if number == "sum" else 1)
        numbers[index] = (float.fromhex(numbers[index]) + change).hex()
        found = compare.differences(run, recording)
        assert len(found) == (part > compare.TOLERANCE)
        assert all(f"[2][{index}]: 1 of 1 floats differ, by up to 2e-06" in one for one in found)

    def test_a_histogram_of_one_value_more(self):
        recording = record.recorded("l2_total_loss")[SAME_KERNELS]
        run = copy.deepcopy(recording)
        self.elsewhere(run)
        row = next(row for row in run["events"]["."] if row[:2] == [4, "value_1"])
        row[2][0] = (11.0).hex()
        (found,) = compare.differences(run, recording)
        assert "[2][0]: recorded 0x1.4000000000000p+3 values, this run 0x1.6" in found

    def test_a_missing_variable_file_and_metric(self, run, recording):
        self.elsewhere(run)
        del run["variables"]["dense/bias"]
        run["files"].remove("graph.pbtxt")
        run["evaluations"][""]["average_loss"] = run["evaluations"][""].pop("mae")
        found = "\n".join(compare.differences(run, recording))
        assert "/variables/dense/bias: recorded, missing in this run" in found
        assert "recorded only: ['graph.pbtxt']" in found
        assert "/evaluations//average_loss: in this run, not recorded" in found

    def test_a_summary_one_step_late(self, run, recording):
        self.elsewhere(run)
        row = next(row for row in run["events"]["."] if row[:2] == [4, "loss"])
        row[0] = 5
        (found,) = compare.differences(run, recording)
        assert found.endswith("recorded 4, this run 5")

    def test_an_integer_and_a_dtype(self, run, recording):
        self.elsewhere(run)
        run["variables"]["global_step"]["base64"] = "CwAAAAAAAAA="
        run["variables"]["dense/bias"]["dtype"] = "int32"  # of the same size as float32
        found = "\n".join(compare.differences(run, recording))
        assert "/variables/global_step: recorded 12, this run 11" in found
        assert "/bias: recorded ('float32', (6,)), this run ('int32', (6,))" in found

    def test_a_nan(self, run, recording):
        self.elsewhere(run)
        run["losses"][0] = "nan"
        assert "by up to inf" in compare.differences(run, recording)[0]


def _scaled(hex_float: str, factor: float) -> str:
    return (float.fromhex(hex_float) * factor).hex()


def _scale_array(encoded: dict, factor: float) -> None:
    scaled = (values.decode(encoded) * factor).astype(encoded["dtype"])
    encoded.update(values.encode(scaled))


@pytest.mark.subprocess
def test_failed_program_shows_its_error():
    with pytest.raises(RuntimeError, match=r"(?s)`no_such_program` .* exited with 1.*No module"):
        record.run_program("no_such_program", ESTIMATOR)

"""Measures `migrate scan` beside TensorFlow's own upgrader, tf_upgrade_v2, on the same files.

    python -m tests.benchmarks.run_scan FOLDER [FOLDER ...] [--files=300]

Each program is one process, and reads the same copy of the files. Two sets are measured: all Python
files, and those that mention an Estimator. `--files` takes every so many files, since the upgrader
needs minutes for a tree. A scan is measured without a cache, and with what a scan before has left
in one. Both programs have their bytecode. The upgrader ends at a file that it cannot rewrite: only
the files that it has written by then are counted for it. Seconds are seconds of the processor, with
those of the wall clock behind them: a busy machine lengthens the latter more. Targets: at least 40
times as many files a second on the trees, at least 7 times on Estimator files; `migrate --help`
under 0.1 s, a file of two lines under 0.2 s.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

TWO_LINES = "import tensorflow as tf\nloss = tf.losses.log_loss(a, b)\n"
BYTECODE = tempfile.TemporaryDirectory()
UPGRADER = "import sys; from tensorflow.tools.compatibility.tf_upgrade_v2_main import main; main()"


class Seconds(NamedTuple):
    """What a command took, of the processor and on the wall clock."""

    processor: float
    wall: float

    def __str__(self) -> str:
        return f"{self.processor:.3f} s ({self.wall:.3f} s)"


def seconds(command: Sequence[str]) -> Seconds:
    """The time of a command, which may find something."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": BYTECODE.name}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, start = os.times(), time.perf_counter()
    subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        env=environment,
    )
    after, end = os.times(), time.perf_counter()
    user = after.children_user - before.children_user
    return Seconds(user + after.children_system - before.children_system, end - start)


def copied(files: Sequence[Path], folder: Path) -> Path:
    """Copies files under names of their own."""
    folder.mkdir()
    for number, file in enumerate(files):
        shutil.copyfile(file, folder / f"m{number}.py")
    return folder


def spread(files: list[Path], count: int) -> list[Path]:
    step = max(1, len(files) // count)
    return files[::step][:count]


def compare(title: str, files: list[Path], target: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = str(copied(files, Path(folder) / "tree"))
        scan = [sys.executable, "-m", "migrate", "scan", tree, "--jobs=1", "--format=json"]
        cache = f"--cache-dir={Path(folder) / 'cache'}"
        first = sorted(seconds([*scan, "--no-cache"]) for _ in range(3))[1]
        seconds([*scan, cache])
        again = sorted(seconds([*scan, cache]) for _ in range(3))[1]
        out = str(Path(folder) / "out")
        upgrade = [sys.executable, "-c", UPGRADER, "--intree", tree, "--outtree", out]
        upgrade += ["--reportfile", str(Path(folder) / "report.txt")]
        theirs = seconds(upgrade)
        written = len(list(Path(out).rglob("*.py")))
    rate = written / theirs.processor
    print(f"{title}: {len(files)} files; tf_upgrade_v2 wrote {written} in {theirs}: {rate:.1f}/s")
    for what, ours in (("without a cache", first), ("with the cache of a scan before", again)):
        ratio = len(files) / ours.processor / rate
        on_the_wall = len(files) / ours.wall / (written / theirs.wall)
        met = "met" if ratio >= target else "missed"
        print(
            f"  migrate scan {what}: {ours}: {len(files) / ours.processor:.0f}/s; {ratio:.1f} "
            f"times, {on_the_wall:.1f} on the wall clock; target {target:g}: {met}"
        )


def main() -> None:
    parser = argparse.ArgumentParser("tests.benchmarks.run_scan", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--files", type=int, default=300, help="files of each set (default: 300)")
    options = parser.parse_args()
    files = sorted(file for folder in options.folders for file in folder.rglob("*.py"))
    using = [file for file in files if b"stimator" in file.read_bytes()]
    help_text = [sys.executable, "-m", "migrate", "--help"]
    print(f"migrate --help: {min(seconds(help_text) for _ in range(5))}; target 0.1")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "two.py"
        path.write_text(TWO_LINES)
        scan = [sys.executable, "-m", "migrate", "scan", str(path)]
        print(f"two lines: {min(seconds(scan) for _ in range(5))}; target 0.2")
    compare("trees", spread(files, options.files), 40)
    compare("Estimator files", spread(using, options.files), 7)


if __name__ == "__main__":
    main()

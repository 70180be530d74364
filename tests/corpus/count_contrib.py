"""Counts in how many projects each symbol of `tf.contrib` is used, for `facade/contrib_used.txt`.

    python -m tests.corpus.count_contrib FOLDER... > estimator_compat/facade/contrib_used.txt

Each folder is one project. The output has a line for `contrib` with the number of all projects, and
a line for each symbol that more than one project uses, the most used first. The counted projects
were the ten packages of `test_imports.py` (the two versions of bert-tensorflow count as one), and
the Python files of these GitHub repositories:

ConnorJL/GPT2 GoogleCloudPlatform/cloudml-samples GoogleCloudPlatform/tf-estimator-tutorials
GoogleCloudPlatform/training-data-analyst NVIDIA/OpenSeq2Seq aymericdamien/TensorFlow-Examples
deepmind/graph_nets google/seq2seq google/trax google/youtube-8m google-research/albert
google-research/bert google-research/electra google-research/language google-research/pegasus
guillaumegenthial/tf_ner kyzhouhzau/BERT-NER lambdaji/tf_repos macanv/BERT-BiLSTM-CRF-NER
magenta/magenta openai/gpt-2 princewen/tensorflow_practice tensorflow/adanet
tensorflow/cleverhans tensorflow/hub tensorflow/lingvo tensorflow/mesh tensorflow/minigo
tensorflow/nmt tensorflow/ranking tensorflow/tpu uber/horovod yangxudong/deeplearning
zihangdai/xlnet
"""

import ast
import collections
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from estimator_compat.api import canonical_names, legacy_symbols
from tests.corpus.legacy_files import names_used


def used_in(folder: Path) -> set[str]:
    """The symbols of `tf.contrib` that the files of a project use."""
    trees = (_parsed(path) for path in folder.rglob("*.py"))
    used = {name for tree in trees if tree for name in names_used(tree)}
    return set(_symbols(used))


def _parsed(path: Path) -> ast.Module | None:
    text = path.read_text(errors="replace")
    if "contrib" not in text:
        return None
    try:
        return ast.parse(text)
    except SyntaxError:  # Python 2
        return None


def _symbols(used: set[str]) -> Iterator[str]:
    """Shortens names to symbols: to a row of the table, or to `contrib.package.name`."""
    for name in used:
        parts = name.split(".")
        keys = [
            canonical_names.canonical(".".join(parts[:end])) for end in range(len(parts), 3, -1)
        ]
        keys = [key for key in keys if key.startswith("contrib.") and key.count(".") > 1]
        if keys:
            cut = ".".join(keys[0].split(".")[:3])
            yield next((key for key in keys if key in legacy_symbols.ROWS), cut)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    projects = collections.Counter(
        symbol for folder in sys.argv[1:] for symbol in used_in(Path(folder))
    )
    print("contrib", len(sys.argv) - 1)
    for symbol, count in sorted(projects.items(), key=lambda item: (-item[1], item[0])):
        if count > 1:
            print(symbol, count)

"""`TrainSettings`: the settings of the training binary; each field is a flag."""

# ruff: noqa: RUF009 - `_flag` is `dataclasses.field`.
import dataclasses
from collections.abc import Callable
from typing import Any

from absl import flags

MODES = ("train_and_evaluate", "train", "evaluate", "predict", "export")
ENGINES = ("run", "host")
STRATEGIES = ("mirrored", "multi_worker")
_INPUTS_OF_MODE = {
    "train": ("train_input_fn",),
    "evaluate": ("eval_input_fn",),
    "predict": ("predict_input_fn",),
    "train_and_evaluate": ("train_input_fn", "eval_input_fn"),
    "export": ("serving_input_fn",),
}
_EXPORTING_MODES = ("train", "train_and_evaluate", "export")


def _flag(define: Callable[..., Any], default: Any, group: str, text: str) -> Any:
    return dataclasses.field(
        default=default, metadata={"define": define, "group": group, "help": text}
    )


_RUN, _HOW, _PLACE = "What to run", "How to run it", "Where"
_LENGTH, _RECORD = "How long, how often", "What to record"
REFERENCES = (
    "model_fn",
    "train_input_fn",
    "eval_input_fn",
    "predict_input_fn",
    "serving_input_fn",
)
# The flags of programs that are loaded. A program with a `main` of its own does not need them.
LOADING = (*REFERENCES, "facade", "legacy")
# A program may have defined flags of these names with another meaning.
NOT_SHARED = ("engine", "steps_per_loop", "strategy", "global_mean", "export_dir", *LOADING)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrainSettings:
    """The settings of one run of the binary; each field has a flag of the same name.

    The five functions are references (`module:name`) or the functions themselves.

    Raises:
      ValueError: Values are out of range or contradict each other. The message names all of them.
    """

    model_fn: Any = _flag(
        flags.DEFINE_string,
        None,
        _RUN,
        "The model_fn, as `package.module:name` or `path/file.py:name`. It may be legacy code "
        "without any changes. Default: the embedded example, which classifies penguins by "
        "their bills.",
    )
    train_input_fn: Any = _flag(
        flags.DEFINE_string,
        None,
        _RUN,
        "The training input_fn, named in the same way: a function that returns a Dataset of "
        "(features, labels), or the two as tensors. It may take `params`, `mode` and `config`.",
    )
    eval_input_fn: Any = _flag(
        flags.DEFINE_string,
        None,
        _RUN,
        "The evaluation input_fn: one pass over data that training does not see.",
    )
    predict_input_fn: Any = _flag(
        flags.DEFINE_string,
        None,
        _RUN,
        "The prediction input_fn: one pass over features, without labels.",
    )
    serving_input_fn: Any = _flag(
        flags.DEFINE_string,
        None,
        _RUN,
        "The serving_input_receiver_fn of --export_dir: a function that returns a "
        "ServingInputReceiver.",
    )
    params: Any = _flag(
        flags.DEFINE_multi_string,
        None,
        _RUN,
        "A value of the dict that the model_fn gets as `params`, such as "
        "--params=learning_rate=0.1, or a file of values: --params=FILE.json. May be repeated; a "
        "later value replaces an earlier one. Values are read as JSON or Python (0.1, true, "
        "[16,8], None), otherwise as text.",
    )
    mode: str | None = _flag(
        flags.DEFINE_string,
        None,
        _RUN,
        "train, evaluate, predict, export or train_and_evaluate (an evaluation after each "
        "checkpoint). Default: the first of train_and_evaluate, train, evaluate, predict and "
        "export that the given input functions allow.",
    )
    facade: bool = _flag(
        flags.DEFINE_boolean,
        False,
        _RUN,
        "The functions are TensorFlow 1 code: in their modules, `import tensorflow as tf` gives "
        "tf.estimator, tf.contrib and the other names that TensorFlow 2 no longer has.",
    )
    legacy: Any = _flag(
        flags.DEFINE_multi_string,
        None,
        _RUN,
        "An installed package that is TensorFlow 1 code, too; implies --facade. May be repeated.",
    )
    engine: str = _flag(
        flags.DEFINE_string,
        "run",
        _HOW,
        "run: an Estimator. host: the same model_fn in a TF2 loop (migrate.host), with the same "
        "numbers, checkpoints and event files.",
    )
    steps_per_loop: int | None = _flag(
        flags.DEFINE_integer,
        None,
        _HOW,
        "With --engine=host: the largest number of steps in one call of the loop's function. "
        "Default: 100. Ctrl-C waits for the end of the call.",
    )
    strategy: str | None = _flag(
        flags.DEFINE_string,
        None,
        _HOW,
        "mirrored trains on all GPUs of this machine; with --engine=host, multi_worker trains on "
        "the processes of TF_CONFIG. Each replica gets a batch of the input, as under an "
        "Estimator.",
    )
    global_mean: bool = _flag(
        flags.DEFINE_boolean,
        False,
        _HOW,
        "With --strategy: the loss is the mean over the examples of all replicas. Default: the "
        "mean of the replicas' losses, as under an Estimator.",
    )
    model_dir: str | None = _flag(
        flags.DEFINE_string,
        None,
        _PLACE,
        "The folder of checkpoints and event files. If it has a checkpoint, training resumes from "
        "it. Default: a new temporary folder, which is named at the end.",
    )
    export_dir: str | None = _flag(
        flags.DEFINE_string,
        None,
        _PLACE,
        "After training, or with --mode=export, write a SavedModel of the latest checkpoint to a "
        "new folder below this one, which is named by the time. It needs --serving_input_fn.",
    )
    max_steps: int | None = _flag(
        flags.DEFINE_integer,
        None,
        _LENGTH,
        "Train until the global step has this value. It includes the steps of earlier runs in the "
        "same model_dir. Default: until the training input ends.",
    )
    eval_steps: int | None = _flag(
        flags.DEFINE_integer, None, _LENGTH, "Batches in an evaluation. Default: all of them."
    )
    save_checkpoints_steps: int | None = _flag(
        flags.DEFINE_integer,
        None,
        _LENGTH,
        "Steps from one checkpoint to the next. Default: a checkpoint every 10 minutes. The "
        "first and the last step are always saved.",
    )
    save_summary_steps: int | None = _flag(
        flags.DEFINE_integer,
        100,
        _LENGTH,
        "Steps from one write of the training summaries to the next.",
    )
    log_every_steps: int | None = _flag(
        flags.DEFINE_integer,
        100,
        _LENGTH,
        "Steps from one progress line to the next if stderr is not a terminal, and from one "
        "global_step/sec summary to the next.",
    )
    seed: int | None = _flag(
        flags.DEFINE_integer,
        None,
        _LENGTH,
        "The graph's random seed (RunConfig's tf_random_seed). Runs with the same seed have the "
        "same initial weights and the same shuffling. Default: no seed; they differ between runs.",
    )
    loss_summaries: bool = _flag(
        flags.DEFINE_boolean,
        True,
        _RECORD,
        "Besides `loss`, write `average_loss` (the weighted mean over examples) and "
        "`loss_per_example` (a histogram). The model_fn need not be changed for it.",
    )
    per_example_losses: str | None = _flag(
        flags.DEFINE_string,
        None,
        _RECORD,
        "After an evaluation, write this CSV file. It has a row for each evaluation example that "
        "has a loss: the example's index in reading order, its unreduced loss and its weight. "
        "Examples of weight 0 are marked.",
    )
    worst: int | None = _flag(
        flags.DEFINE_integer,
        None,
        _RECORD,
        "Keep only this many rows in --per_example_losses: those with the largest losses, the "
        "largest first.",
    )

    def __post_init__(self) -> None:
        problems = [*self._out_of_range(), *self._unknown(), *self._contradictions()]
        if problems:
            raise ValueError("\n".join(problems))

    def _out_of_range(self) -> list[str]:
        least = {field.name: 1 for field in fields() if field.metadata["define"] in _INTEGERS}
        least["seed"] = -(2**31)
        return [
            f"`--{name}` ({value}) is too small; expected an integer of at least {minimum}; "
            "raise it or leave it out."
            for name, minimum in least.items()
            if (value := getattr(self, name)) is not None and value < minimum
        ]

    def _unknown(self) -> list[str]:
        choices = {
            "mode": (MODES, "to do what the given input functions allow"),
            "engine": (ENGINES, "to run an Estimator"),
            "strategy": (STRATEGIES, "to train on one device"),
        }
        return [
            f"`--{name}` ({value}) is unknown; expected one of {', '.join(known)}; choose one, or "
            f"leave it out {otherwise}."
            for name, (known, otherwise) in choices.items()
            if (value := getattr(self, name)) is not None and value not in known
        ]

    def _contradictions(self) -> list[str]:
        problems = []
        if self.engine == "run" and self.strategy == "multi_worker":
            problems.append(
                f"`--strategy` ({self.strategy}) is for a TF2 loop, and --engine is run, whose "
                "workers call train_and_evaluate; expected --engine=host; add it, or use "
                "--strategy=mirrored for the GPUs of this machine."
            )
        for name in ("steps_per_loop", "global_mean"):
            if self.engine != "host" and (value := getattr(self, name)):
                problems.append(
                    f"`--{name}` ({value}) is for a TF2 loop, and --engine is {self.engine}; "
                    "expected --engine=host; add it, or leave the flag out."
                )
        if self.engine == "host" and self.global_mean and self.strategy is None:
            problems.append(
                f"`--global_mean` ({self.global_mean}) needs several replicas; expected "
                f"--strategy={' or '.join(STRATEGIES)}; add one, or leave it out."
            )
        if self.worst is not None and self.per_example_losses is None:
            problems.append(
                f"`--worst` ({self.worst}) has no file to go to; expected --per_example_losses, "
                "too; add --per_example_losses=FILE.csv."
            )
        return problems

    def with_mode(self) -> "TrainSettings":
        """Returns the settings with a mode, and checks that the mode has its input functions.

        Raises:
          ValueError: An input function is missing, or `per_example_losses` is set and the mode does
            not evaluate, or `export_dir` is set without a receiver function or in a mode that does
            not export.
        """
        mode = self.mode or next((m for m in MODES if not self._missing(m)), "train")
        if missing := self._missing(mode):
            names = " and ".join(f"--{name}" for name in missing)
            raise ValueError(
                f"`--mode` ({mode}) lacks {names}; expected one input function for each thing the "
                "mode does; name it as `module:name` or `path/file.py:name`."
            )
        if self.per_example_losses is not None and "evaluate" not in mode:
            raise ValueError(
                f"`--per_example_losses` ({self.per_example_losses}) needs an evaluation, and "
                f"--mode is {mode}; expected evaluate or train_and_evaluate; pass --mode=evaluate."
            )
        self._check_export(mode)
        return dataclasses.replace(self, mode=mode)

    def _check_export(self, mode: str) -> None:
        for name, other in (("export_dir", "serving_input_fn"), ("serving_input_fn", "export_dir")):
            if getattr(self, name) is not None and getattr(self, other) is None:
                raise ValueError(
                    f"`--{name}` ({getattr(self, name)}) is given without --{other}; expected "
                    f"both, to write a SavedModel; add --{other}, or leave out --{name}."
                )
        if self.export_dir is not None and mode not in _EXPORTING_MODES:
            raise ValueError(
                f"`--export_dir` ({self.export_dir}) is for {', '.join(_EXPORTING_MODES)}, and "
                f"--mode is {mode}; expected one of these; pass --mode=export."
            )

    def legacy_packages(self) -> list[str] | None:
        """Returns the installed packages that are legacy; None if no code is."""
        names = [name for text in self.legacy or () for name in text.split(",") if name]
        return names if names or self.facade else None

    def config_fields(self) -> dict[str, Any]:
        """Returns the arguments of the RunConfig, without the model_dir."""
        arguments: dict[str, Any] = {
            "tf_random_seed": self.seed,
            "save_checkpoints_steps": self.save_checkpoints_steps,
            "save_summary_steps": self.save_summary_steps,
            "log_step_count_steps": self.log_every_steps,
        }
        return {name: value for name, value in arguments.items() if value is not None}

    def _missing(self, mode: str) -> list[str]:
        return [name for name in _INPUTS_OF_MODE[mode] if getattr(self, name) is None]


_INTEGERS = (flags.DEFINE_integer,)


def fields() -> tuple[dataclasses.Field[Any], ...]:
    """Returns the fields of `TrainSettings`; each field's metadata describes its flag."""
    return dataclasses.fields(TrainSettings)

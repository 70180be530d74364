"""A verdict of `DIFFERENT`, and one of `EQUIVALENT`."""

import dataclasses

from migrate.verifying.verdict import Comparison, Outcome, Tolerances, Verdict, skipped_stage, stage

WORSE = Comparison(
    name="loss",
    step=3,
    outcome=Outcome.DIFFERENT,
    absolute=0.25,
    relative=0.5,
    ulps=4194304,
    tolerance=1e-6,
)
CLOSE = Comparison(
    name="a/kernel",
    step=1,
    outcome=Outcome.EQUIVALENT,
    absolute=1.5e-8,
    relative=1.25e-7,
    ulps=2,
    tolerance=1e-6,
)
SAME = Comparison(name="a", outcome=Outcome.IDENTICAL)
DIFFERENT = Verdict(
    subject="MyLoop",
    stages=(
        stage("variables", "2 variables: names, shapes", [SAME, SAME], ["not in the subject: b"]),
        skipped_stage("forward", "the variables are late"),
        stage("one step", "2 variables", [SAME, CLOSE]),
        stage("steps", "4 losses", [SAME, CLOSE, WORSE]),
    ),
    run_losses=(1.0, 0.75, 0.5, 0.25),
    subject_losses=(1.0, 0.75, 0.75, 0.5),
    unaligned=("dropout/uniform (RandomUniform)",),
    tolerances=Tolerances(),
)
EQUIVALENT = dataclasses.replace(DIFFERENT, stages=DIFFERENT.stages[:3])

"""The random ops whose numbers can be recorded in one program and replayed into another."""

from typing import NamedTuple


class Kind(NamedTuple):
    """What an op draws. Ops of one kind draw from the same distribution.

    Attributes:
      name: The distribution, in words.
      inputs: The inputs of the op that are parameters of the distribution. Replayed numbers do not
        depend on the parameters of the other program, so the parameters must be compared.
      attributes: The attributes of the op that are parameters, too.
      mirror: What draws the same distribution from a number `x` of it: "1 - x" or "-x"; "" if there
        is no such formula.
    """

    name: str
    inputs: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    mirror: str = ""


UNIFORM = Kind("uniform", mirror="1 - x")
NORMAL = Kind("normal", mirror="-x")
TRUNCATED = Kind("truncated normal", mirror="-x")
INTEGER = Kind("uniform integer", ("minval", "maxval"))
BITS = Kind("uniform integer of all bits")
CATEGORICAL = Kind("categorical", ("logits",))
SHUFFLE = Kind("shuffle", ("value",))
_SAMPLER = ("num_true", "num_sampled", "unique", "range_max")

# Ops that are not here cannot be replayed. For example, the sample of RandomGamma has a gradient
# for the op's own parameter, and a replayed number has none.
OF_OP: dict[str, Kind] = {
    "RandomUniform": UNIFORM,
    "StatelessRandomUniform": UNIFORM,
    "StatelessRandomUniformV2": UNIFORM,
    "StatefulUniform": UNIFORM,
    "RandomStandardNormal": NORMAL,
    "StatelessRandomNormal": NORMAL,
    "StatelessRandomNormalV2": NORMAL,
    "StatefulStandardNormalV2": NORMAL,
    "TruncatedNormal": TRUNCATED,
    "StatelessTruncatedNormal": TRUNCATED,
    "StatelessTruncatedNormalV2": TRUNCATED,
    "StatefulTruncatedNormal": TRUNCATED,
    "RandomUniformInt": INTEGER,
    "StatelessRandomUniformInt": INTEGER,
    "StatelessRandomUniformIntV2": INTEGER,
    "StatefulUniformInt": INTEGER,
    "StatelessRandomUniformFullInt": BITS,
    "StatelessRandomUniformFullIntV2": BITS,
    "StatefulUniformFullInt": BITS,
    "Multinomial": CATEGORICAL,
    "StatelessMultinomial": CATEGORICAL,
    "RandomShuffle": SHUFFLE,
    "StatelessShuffle": SHUFFLE,
    "RandomPoissonV2": Kind("Poisson", ("rate",)),
    "LogUniformCandidateSampler": Kind("log-uniform candidates", ("true_classes",), _SAMPLER),
    "UniformCandidateSampler": Kind("uniform candidates", ("true_classes",), _SAMPLER),
}

# These ops have seeds and draw nothing: they compute a key from a seed, or compare candidates.
DRAW_NOTHING = frozenset(
    {
        "ComputeAccidentalHits",
        "StatelessRandomGetAlg",
        "StatelessRandomGetKeyCounter",
        "StatelessRandomGetKeyCounterAlg",
    }
)

"""Which hooks of a model_fn a loop runs."""

import enum


class HookChoice(enum.Enum):
    """Which hooks of a model_fn a loop runs.

    ALL refuses a hook that a loop cannot run. HOSTABLE leaves such a hook out. NONE leaves all
    hooks out.
    """

    ALL = "all"
    HOSTABLE = "hostable"
    NONE = "none"

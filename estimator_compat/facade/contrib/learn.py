"""What is left of `tf.contrib.learn`."""


class ModeKeys:
    """The modes of `tf.contrib.learn`: `INFER` was the name of prediction."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"

    @classmethod
    def validate(cls, key: str) -> None:
        """Raises a ValueError for anything but a mode."""
        if key not in (cls.TRAIN, cls.EVAL, cls.INFER):
            raise ValueError(
                f"Invalid mode {key}; expected train, eval or infer; pass one of them."
            )

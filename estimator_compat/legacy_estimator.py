"""`Estimator` of TensorFlow 1: it still has `export_savedmodel`."""

from collections.abc import Mapping
from typing import Any

from estimator_compat import estimator
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import ServingInputReceiverFn


class Estimator(estimator.Estimator):
    """`estimator_compat.Estimator` with the methods that TensorFlow 2 had removed."""

    def export_savedmodel(
        self,
        export_dir_base: Any,
        serving_input_receiver_fn: ServingInputReceiverFn,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        strip_default_attrs: bool = False,
    ) -> bytes:
        """Exports a PREDICT graph: the older name of `export_saved_model`.

        Args:
          export_dir_base: As for `export_saved_model`.
          serving_input_receiver_fn: As for `export_saved_model`.
          assets_extra: As for `export_saved_model`.
          as_text: As for `export_saved_model`.
          checkpoint_path: As for `export_saved_model`.
          strip_default_attrs: Whether attributes that have their default values are left out of
            the graph.

        Returns:
          The path of the new folder, as bytes.

        Raises:
          ValueError: There is no receiver function or no checkpoint.
        """
        return self.experimental_export_all_saved_models(
            export_dir_base,
            {ModeKeys.PREDICT: serving_input_receiver_fn},
            assets_extra=assets_extra,
            as_text=as_text,
            checkpoint_path=checkpoint_path,
            strip_default_attrs=strip_default_attrs,
        )

"""The methods of an Estimator that export SavedModels."""

from collections.abc import Callable, Mapping
from typing import Any

from estimator_compat.config import RunConfig, path_to_str
from estimator_compat.export import saved_model
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import ServingInputReceiverFn, Tensor


class ExportsSavedModels:
    """The exporting methods of an Estimator, a mixin.

    `Estimator` sets the attributes and defines the methods that are declared here.
    """

    _config: RunConfig
    _warm_start_settings: Any
    _call_model_fn: Callable[..., Any]
    _create_global_step: Callable[[], Tensor]
    config: Any
    latest_checkpoint: Callable[[], str | None]
    model_dir: Any

    def export_saved_model(
        self,
        export_dir_base: Any,
        serving_input_receiver_fn: ServingInputReceiverFn,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        experimental_mode: str = ModeKeys.PREDICT,
    ) -> bytes:
        """Exports a SavedModel to a new folder below `export_dir_base`.

        The name of the folder is the time in seconds since 1970.

        Args:
          export_dir_base: The folder of all exports.
          serving_input_receiver_fn: Returns a `ServingInputReceiver`.
          assets_extra: Maps a path below `assets.extra` to the file that is copied there, or None.
          as_text: Whether the graph is written as text.
          checkpoint_path: The checkpoint whose variables are exported; None for the latest.
          experimental_mode: The mode whose graph is exported.

        Returns:
          The path of the new folder, as bytes.

        Raises:
          ValueError: There is no receiver function or no checkpoint.
        """
        if serving_input_receiver_fn is None:
            raise ValueError(
                "An input_receiver_fn must be defined, given: "
                f"{serving_input_receiver_fn}; expected a function that returns a "
                "ServingInputReceiver; build it with "
                "estimator_compat.export.build_parsing_serving_input_receiver_fn."
            )
        return self.experimental_export_all_saved_models(
            export_dir_base,
            {experimental_mode: serving_input_receiver_fn},
            assets_extra=assets_extra,
            as_text=as_text,
            checkpoint_path=checkpoint_path,
        )

    @property
    def export_savedmodel(self) -> Any:
        """The older name of `export_saved_model`, which TensorFlow 2 had removed.

        Raises:
          AttributeError: In any case. `estimator_compat.v1.Estimator` has the method.
        """
        raise AttributeError(
            "`Estimator.export_savedmodel` has been deprecated. Please use `export_saved_model` "
            "instead, or the Estimator of TensorFlow 1, which is estimator_compat.v1.Estimator."
        )

    def experimental_export_all_saved_models(
        self,
        export_dir_base: Any,
        input_receiver_fn_map: Mapping[str, ServingInputReceiverFn],
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        strip_default_attrs: bool = True,
    ) -> bytes:
        """Exports the graphs of several modes as one SavedModel.

        Args:
          export_dir_base: As for `export_saved_model`.
          input_receiver_fn_map: Maps each mode to the function that returns its receiver.
          assets_extra: As for `export_saved_model`.
          as_text: As for `export_saved_model`.
          checkpoint_path: The checkpoint whose variables are exported. None for the latest, or for
            the checkpoint of the warm start if `model_dir` has none.
          strip_default_attrs: Whether attributes that have their default values are left out of
            the graphs.

        Returns:
          The path of the new folder, as bytes.

        Raises:
          ValueError: No known mode has a receiver function, or there is no checkpoint.
        """

        def build(receiver: Any, mode: str) -> Any:
            labels = getattr(receiver, "labels", None)
            return self._call_model_fn(receiver.features, labels, mode, self.config, exporting=True)

        path = checkpoint_path or self.latest_checkpoint()
        if not path and self._warm_start_settings:
            path = self._warm_start_settings.checkpoint()
        if not path:
            raise ValueError(
                f"Couldn't find trained model at {self.model_dir}; expected a checkpoint there; "
                "train first, or pass a checkpoint as `checkpoint_path`."
            )
        return saved_model.export(
            build,
            input_receiver_fn_map,
            path_to_str(export_dir_base),
            create_global_step=self._create_global_step,
            checkpoint_path=path,
            config=self._config,
            assets_extra=assets_extra,
            as_text=as_text,
            strip_default_attrs=strip_default_attrs,
        )

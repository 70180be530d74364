"""The exporting half of an Estimator."""

from collections.abc import Callable, Mapping
from typing import Any

from estimator_compat.config import RunConfig, path_to_str
from estimator_compat.export import saved_model
from estimator_compat.mode_keys import ModeKeys


class ExportsSavedModels:
    """An Estimator's methods that write SavedModels; `Estimator` brings the rest."""

    _config: RunConfig
    _warm_start_settings: Any
    _call_model_fn: Callable[..., Any]
    _create_global_step: Callable[[], Any]
    config: Any
    latest_checkpoint: Callable[[], str | None]
    model_dir: Any

    def export_saved_model(
        self,
        export_dir_base: Any,
        serving_input_receiver_fn: Callable[[], Any],
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        experimental_mode: str = ModeKeys.PREDICT,
    ) -> bytes:
        """Exports a SavedModel to a new folder named by the time, below `export_dir_base`.

        Args:
          serving_input_receiver_fn: Returns a `ServingInputReceiver`.
          assets_extra: Name below `assets.extra` to the file that is copied there.
          as_text: Whether the graph is written as text.
          checkpoint_path: The checkpoint; the latest one where it is None.
          experimental_mode: The mode whose graph is exported.

        Returns:
          The folder's path, as bytes.

        Raises:
          ValueError: No receiver function, or no checkpoint.
        """
        if serving_input_receiver_fn is None:
            raise ValueError(
                "An input_receiver_fn must be defined, given: "
                f"{serving_input_receiver_fn}; expected a function that returns a "
                "ServingInputReceiver; build one with "
                "estimator_compat.export.build_parsing_serving_input_receiver_fn."
            )
        return self.experimental_export_all_saved_models(
            export_dir_base,
            {experimental_mode: serving_input_receiver_fn},
            assets_extra=assets_extra,
            as_text=as_text,
            checkpoint_path=checkpoint_path,
        )

    def export_savedmodel(
        self,
        export_dir_base: Any,
        serving_input_receiver_fn: Callable[[], Any],
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        strip_default_attrs: bool = False,
    ) -> bytes:
        """Exports as `export_saved_model` does, by its older name."""
        return self.experimental_export_all_saved_models(
            export_dir_base,
            {ModeKeys.PREDICT: serving_input_receiver_fn},
            assets_extra=assets_extra,
            as_text=as_text,
            checkpoint_path=checkpoint_path,
            strip_default_attrs=strip_default_attrs,
        )

    def experimental_export_all_saved_models(
        self,
        export_dir_base: Any,
        input_receiver_fn_map: Mapping[str, Callable[[], Any]],
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        strip_default_attrs: bool = True,
    ) -> bytes:
        """Exports the graphs of several modes, each with its receiver function, as one SavedModel.

        The rest is as for `export_saved_model`.
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
                "train first, or name one by `checkpoint_path`."
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

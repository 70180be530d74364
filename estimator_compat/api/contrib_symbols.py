"""Rows of `tf.contrib`: one for each of its symbols that legacy programs use.

The packages that they use most come first. To add a symbol, add its name here.
"""

from estimator_compat.api.symbol_rows import SymbolTable

_OURS = "estimator_compat.facade.contrib"
_TF1 = "tensorflow:compat.v1"
_TF2 = "tensorflow:compat.v2"

TABLE = SymbolTable()
_add_symbol, _add_symbols = TABLE.add_symbol, TABLE.add_symbols

# tpu
_add_symbols(
    "contrib.tpu",
    "estimator_compat.tpu:",
    "CrossShardOptimizer TPUEstimator TPUEstimatorSpec TPUConfig RunConfig InputPipelineConfig",
)
_add_symbols(
    "contrib.tpu",
    f"{_TF1}.tpu.",
    "batch_parallel bfloat16_scope core cross_replica_sum initialize_system "
    "outside_compilation replicate rewrite shard shutdown_system",
)
_add_symbols("contrib.tpu", f"{_OURS}.tpu:", "ExportSavedModelApiVersion")
_add_symbol(
    "contrib.tpu.keras_to_tpu_model", None, "train the Keras model under a tf.distribute strategy"
)
_add_symbol("contrib.tpu.TPUDistributionStrategy", None, "train under tf.distribute.TPUStrategy")
for _name in ("outfeed_dequeue_tuple", "outfeed_enqueue_tuple", "repeat", "while_loop"):
    _add_symbol(f"contrib.tpu.{_name}", None, "leave it out: it is for programs that run on a TPU")

# cluster_resolver
_add_symbols(
    "contrib.cluster_resolver",
    f"{_TF1}.distribute.cluster_resolver.",
    "ClusterResolver GCEClusterResolver KubernetesClusterResolver SimpleClusterResolver "
    "SlurmClusterResolver TFConfigClusterResolver TPUClusterResolver UnionResolver",
)

# data
_add_symbols(
    "contrib.data",
    f"{_TF1}.data.experimental.",
    "AUTOTUNE Counter CsvDataset Optional RandomDataset Reducer SqlDataset TFRecordWriter "
    "bucket_by_sequence_length choose_from_datasets copy_to_device dense_to_sparse_batch "
    "enumerate_dataset get_next_as_optional get_single_element group_by_reducer group_by_window "
    "ignore_errors make_batched_features_dataset make_csv_dataset make_saveable_from_iterator "
    "map_and_batch parallel_interleave parse_example_dataset prefetch_to_device "
    "rejection_resample sample_from_datasets scan shuffle_and_repeat unbatch unique",
)
_add_symbols(
    "contrib.data",
    f"{_OURS}.data:",
    "batch_and_drop_remainder padded_batch_and_drop_remainder sloppy_interleave",
)

# training
_add_symbols("contrib.training", f"{_OURS}.hparams:", "HParams", "no protocol buffers")
_add_symbols("contrib.training", f"{_OURS}.hparams:", "parse_values")
_add_symbols(
    "contrib.training",
    "tf_slim:training.",
    "add_gradients_summaries clip_gradient_norms clip_gradient_norms_fn create_train_op "
    "multiply_gradients train",
)
_add_symbols(
    "contrib.training",
    "tf_slim:evaluation.",
    "StopAfterNEvalsHook SummaryAtEndHook evaluate_once evaluate_repeatedly "
    "get_or_create_eval_step wait_for_new_checkpoint",
)
_add_symbols("contrib.training", f"{_TF1}.train.", "checkpoints_iterator")
_add_symbols("contrib.training", f"{_TF1}.data.experimental.", "bucket_by_sequence_length")

# layers
_add_symbols(
    "contrib.layers",
    f"{_OURS}.optimize:",
    "optimize_loss OPTIMIZER_CLS_NAMES OPTIMIZER_SUMMARIES",
    "update_ops run in the order in which they were added",
)
_add_symbols(
    "contrib.layers", f"{_OURS}.layers:", "layer_norm fully_connected linear relu relu6 elu"
)
_add_symbols(
    "contrib.layers",
    f"{_OURS}.regularizers:",
    "l1_regularizer l2_regularizer l1_l2_regularizer sum_regularizer apply_regularization",
)
_add_symbols(
    "contrib.layers",
    f"{_OURS}.initializers:",
    "xavier_initializer xavier_initializer_conv2d variance_scaling_initializer",
)
_add_symbols(
    "contrib.layers",
    "tf_slim:",
    "GDN RevBlock avg_pool2d avg_pool3d batch_norm bias_add conv1d conv2d conv2d_in_plane "
    "conv2d_transpose conv3d conv3d_transpose convolution convolution1d convolution2d "
    "convolution2d_in_plane convolution2d_transpose convolution3d convolution3d_transpose "
    "dense_to_sparse dropout flatten gdn group_norm images_to_sequence instance_norm "
    "legacy_fully_connected legacy_linear legacy_relu max_pool2d max_pool3d maxout "
    "one_hot_encoding recompute_grad repeat rev_block scale_gradient separable_conv2d "
    "separable_convolution2d sequence_to_images softmax spatial_softmax stack "
    "summarize_activation summarize_activations summarize_collection summarize_tensor "
    "summarize_tensors unit_norm adaptive_clipping_fn",
)
_add_symbols(
    "contrib.layers",
    f"{_TF1}.feature_column.",
    "embedding_column crossed_column bucketized_column shared_embedding_columns",
    "of tf.feature_column, not of contrib",
)
_add_symbol("contrib.layers.initializers", f"{_OURS}.initializers:")
_add_symbol("contrib.layers.utils", "tf_slim.layers.utils:")
_add_symbol("contrib.layers.summaries", "tf_slim.summaries:")
_add_symbol(
    "contrib.layers.safe_embedding_lookup_sparse", f"{_TF1}.nn.safe_embedding_lookup_sparse"
)
_add_symbols("contrib.layers", f"{_OURS}.layers:", "embed_sequence")
_add_symbol("contrib.layers.real_valued_column", None, "use the columns of tf.feature_column")

# estimator
_add_symbols(
    "contrib.estimator",
    "estimator_compat:",
    "stop_if_higher_hook stop_if_lower_hook stop_if_no_decrease_hook stop_if_no_increase_hook "
    "make_early_stopping_hook InMemoryEvaluatorHook call_logit_fn dnn_logit_fn_builder "
    "linear_logit_fn_builder build_raw_supervised_input_receiver_fn",
)
_add_symbols("contrib.estimator", "estimator_compat:", "add_metrics")
_add_symbols(
    "contrib.estimator",
    "estimator_compat.heads.factories:",
    "binary_classification_head logistic_regression_head multi_class_head multi_label_head "
    "poisson_regression_head regression_head",
)
_add_symbols("contrib.estimator", "estimator_compat.heads.legacy_multi:", "multi_head")
_add_symbols(
    "contrib.estimator",
    "estimator_compat.canned.saved_model_estimator:",
    "SavedModelEstimator",
)
_add_symbols("contrib.estimator", "estimator_compat.forwarding_features:", "forward_features")
_add_symbols("contrib.estimator", f"{_OURS}.optimize:", "clip_gradients_by_norm")
for _name in ("replicate_model_fn", "TowerOptimizer"):
    _add_symbol(
        f"contrib.estimator.{_name}", None, "train on one device, or in a cluster of TF_CONFIG"
    )
for _name in ("RNNClassifier", "RNNEstimator"):
    _add_symbol(
        f"contrib.estimator.{_name}",
        None,
        f"use tf.estimator.experimental.{_name}, whose arguments and cells differ",
    )

# lookup
_add_symbols(
    "contrib.lookup",
    f"{_OURS}.lookup:",
    "index_table_from_file index_table_from_tensor index_to_string_table_from_file "
    "index_to_string_table_from_tensor",
)
_add_symbols(
    "contrib.lookup",
    f"{_TF1}.lookup.",
    "KeyValueTensorInitializer TextFileIndex TextFileInitializer",
)
_add_symbol("contrib.lookup.HashTable", f"{_TF1}.lookup.StaticHashTable")
_add_symbol("contrib.lookup.MutableHashTable", f"{_TF1}.lookup.experimental.MutableHashTable")
_add_symbol("contrib.lookup.MutableDenseHashTable", f"{_TF1}.lookup.experimental.DenseHashTable")

# learn
_add_symbols("contrib.learn", f"{_OURS}.learn:", "ModeKeys")
_add_symbol(
    "contrib.learn.RunConfig", f"{_OURS}.learn:RunConfig", "no uid(); two intervals are an error"
)
_add_symbol(
    "contrib.learn.monitors.replace_monitors_with_hooks",
    f"{_OURS}.learn:replace_monitors_with_hooks",
    "for hooks; monitors are gone",
)
_add_symbol("contrib.learn.NanLossDuringTrainingError", f"{_TF1}.train.NanLossDuringTrainingError")
_add_symbol(
    "contrib.learn.datasets.mnist", "estimator_compat.facade.mnist:", "reads local files only"
)
_add_symbol(
    "contrib.learn.build_parsing_serving_input_fn",
    None,
    "use tf.estimator.export.build_parsing_serving_input_receiver_fn",
)
for _name in ("Experiment", "learn_runner", "run"):
    _add_symbol(f"contrib.learn.{_name}", None, "use tf.estimator.train_and_evaluate")
for _name in ("Estimator", "DNNClassifier", "DNNRegressor", "LinearClassifier"):
    _add_symbol(f"contrib.learn.{_name}", None, f"use tf.estimator.{_name}, whose arguments differ")
for _name in ("ModelFnOps", "InputFnOps", "MetricSpec", "ExportStrategy", "make_export_strategy"):
    _add_symbol(f"contrib.learn.{_name}", None, "use tf.estimator.EstimatorSpec and its exporters")

_add_symbol("contrib.learn.io", None, "use tf.estimator.inputs")
_add_symbol("contrib.learn.utils", None, "use tf.estimator.export")

# framework
_add_symbols(
    "contrib.framework",
    f"{_TF1}.train.",
    "assert_global_step create_global_step get_global_step get_or_create_global_step "
    "init_from_checkpoint list_variables load_checkpoint load_variable",
)
_add_symbols(
    "contrib.framework",
    f"{_TF1}.",
    "TensorSpec argsort assert_scalar convert_to_tensor_or_sparse_tensor is_tensor py_func sort",
)
_add_symbols(
    "contrib.framework",
    "tf_slim:",
    "VariableDeviceChooser add_arg_scope add_model_variable arg_scope arg_scoped_arguments "
    "assert_or_get_global_step assign_from_checkpoint assign_from_checkpoint_fn "
    "assign_from_values assign_from_values_fn current_arg_scope filter_variables "
    "get_local_variables get_model_variables get_trainable_variables get_unique_variable "
    "get_variable_full_name get_variables get_variables_by_name get_variables_by_suffix "
    "get_variables_to_restore global_variable has_arg_scope local_variable model_variable variable",
)
_add_symbols(
    "contrib.framework",
    f"{_OURS}.framework:",
    "deprecated deprecated_args deprecated_arg_values",
    "warns of arguments only if they are passed by name",
)
_add_symbols("contrib.framework", f"{_OURS}.framework:", "get_name_scope")
_add_symbol("contrib.framework.nest", f"{_OURS}.nest:")
_add_symbol("contrib.framework.smart_cond", f"{_OURS}.nest:smart_cond")
_add_symbol("contrib.layers.smart_cond", f"{_OURS}.nest:smart_cond")
_add_symbol("contrib.framework.smart_constant_value", f"{_TF1}.get_static_value")
_add_symbol("contrib.framework.zero_initializer", None, "use tf.zeros_initializer")

# predictor
_add_symbols("contrib.predictor", f"{_OURS}.predictor:", "from_saved_model from_estimator")
_add_symbol(
    "contrib.predictor.from_contrib_estimator", None, "use tf.contrib.predictor.from_estimator"
)

# rnn
_add_symbols(
    "contrib.rnn",
    f"{_TF1}.nn.rnn_cell.",
    "BasicLSTMCell BasicRNNCell DeviceWrapper DropoutWrapper GRUCell LSTMCell LSTMStateTuple "
    "MultiRNNCell RNNCell ResidualWrapper",
)
_add_symbols(
    "contrib.rnn",
    f"{_TF1}.nn.",
    "static_bidirectional_rnn static_rnn static_state_saving_rnn",
)
_add_symbols(
    "contrib.rnn",
    f"{_OURS}.rnn:",
    "stack_bidirectional_dynamic_rnn transpose_batch_time LayerNormBasicLSTMCell NASCell",
)
_add_symbols(
    "contrib.rnn",
    f"{_OURS}.block_cells:",
    "LSTMBlockCell GRUBlockCell GRUBlockCellV2",
)
_add_symbols(
    "contrib.rnn",
    f"{_OURS}.fused_rnn:",
    "LSTMBlockFusedCell FusedRNNCell FusedRNNCellAdaptor TimeReversedFusedRNN",
)

# slim
_add_symbol("contrib.slim", "tf_slim:")
_add_symbol("contrib.slim.nets", "tf_slim.nets:")

# summary
_add_symbols(
    "contrib.summary",
    f"{_OURS}.summary:",
    "scalar histogram image audio create_file_writer create_summary_file_writer "
    "always_record_summaries never_record_summaries record_summaries_every_n_global_steps "
    "should_record_summaries all_summary_ops summary_writer_initializer_op initialize flush",
)
_add_symbol("contrib.summary.SummaryWriter", f"{_TF2}.summary.SummaryWriter")

# metrics
_add_symbols(
    "contrib.metrics",
    "tf_slim:metrics.",
    "accuracy aggregate_metric_map aggregate_metrics auc_using_histogram "
    "auc_with_confidence_intervals cohen_kappa count f1_score precision_at_recall "
    "precision_recall_at_equal_thresholds recall_at_precision sparse_recall_at_top_k "
    "streaming_accuracy streaming_auc streaming_concat streaming_covariance "
    "streaming_curve_points streaming_dynamic_auc streaming_false_negative_rate "
    "streaming_false_negative_rate_at_thresholds streaming_false_negatives "
    "streaming_false_negatives_at_thresholds streaming_false_positive_rate "
    "streaming_false_positive_rate_at_thresholds streaming_false_positives "
    "streaming_false_positives_at_thresholds streaming_mean streaming_mean_absolute_error "
    "streaming_mean_cosine_distance streaming_mean_iou streaming_mean_relative_error "
    "streaming_mean_squared_error streaming_mean_tensor streaming_pearson_correlation "
    "streaming_percentage_less streaming_precision streaming_precision_at_thresholds "
    "streaming_recall streaming_recall_at_k streaming_recall_at_thresholds "
    "streaming_root_mean_squared_error streaming_sensitivity_at_specificity "
    "streaming_sparse_average_precision_at_k streaming_sparse_average_precision_at_top_k "
    "streaming_sparse_precision_at_k streaming_sparse_precision_at_top_k "
    "streaming_sparse_recall_at_k streaming_specificity_at_sensitivity streaming_true_negatives "
    "streaming_true_negatives_at_thresholds streaming_true_positives "
    "streaming_true_positives_at_thresholds",
)
_add_symbols("contrib.metrics", f"{_TF1}.math.", "confusion_matrix")
for _name in ("difference", "intersection", "size", "union"):
    _add_symbol(f"contrib.metrics.set_{_name}", f"{_TF1}.sets.{_name}")

# seq2seq
for _module, _names in (
    ("attention", "BahdanauAttention LuongAttention hardmax"),
    ("attention_mechanism", "AttentionMechanism"),
    ("attention_wrapper", "AttentionWrapper"),
    ("attention_wrapper_state", "AttentionWrapperState"),
    ("basic_decoder", "BasicDecoder BasicDecoderOutput"),
    ("beam_search_decoder", "BeamSearchDecoder"),
    (
        "beam_search_step",
        "BeamSearchDecoderOutput BeamSearchDecoderState FinalBeamSearchDecoderOutput",
    ),
    ("decoder", "Decoder dynamic_decode"),
    ("embedding_helpers", "GreedyEmbeddingHelper SampleEmbeddingHelper"),
    ("gather_tree", "gather_tree"),
    ("helper", "Helper CustomHelper InferenceHelper"),
    ("loss", "sequence_loss"),
    (
        "monotonic_attention",
        "BahdanauMonotonicAttention LuongMonotonicAttention monotonic_attention safe_cumprod",
    ),
    ("scheduled_sampling", "ScheduledEmbeddingTrainingHelper ScheduledOutputTrainingHelper"),
    ("tile_batch", "tile_batch"),
    ("training_helper", "TrainingHelper"),
):
    _add_symbols("contrib.seq2seq", f"{_OURS}.seq2seq.{_module}:", _names)
# Programs subclass the first and call the second, from `seq2seq.python.ops.attention_wrapper`.
_add_symbol(
    "contrib.seq2seq._BaseAttentionMechanism",
    f"{_OURS}.seq2seq.attention_mechanism:BaseAttentionMechanism",
)
_add_symbol(
    "contrib.seq2seq._compute_attention", f"{_OURS}.seq2seq.attention_wrapper:compute_attention"
)

# crf
_add_symbols(
    "contrib.crf",
    f"{_OURS}.crf:",
    "crf_sequence_score crf_log_norm crf_log_likelihood crf_unary_score crf_binary_score "
    "crf_decode viterbi_decode",
)

# opt
_add_symbols(
    "contrib.opt",
    f"{_OURS}.opt:",
    "AdamWOptimizer MomentumWOptimizer DecoupledWeightDecayExtension "
    "extend_with_decoupled_weight_decay LARSOptimizer LazyAdamOptimizer",
)

# Other packages, and packages that are gone for good.
_add_symbol("contrib.tfprof", f"{_TF1}.profiler")
_add_symbol("contrib.util.make_tensor_proto", f"{_TF1}.make_tensor_proto")
_add_symbol("contrib.util.make_ndarray", f"{_TF1}.make_ndarray")
_add_symbols(
    "contrib.distribute",
    f"{_TF1}.distribute.",
    "MirroredStrategy OneDeviceStrategy",
    "an Estimator and migrate.host accept it as train_distribute",
)
_add_symbol("contrib.tensorboard.plugins.projector", "tensorboard.plugins.projector:")
_add_symbols(
    "contrib.eager", f"{_TF1}.", "enable_eager_execution executing_eagerly py_func Variable"
)
_add_symbol("contrib.compiler.jit.experimental_jit_scope", "tensorflow:xla.experimental.jit_scope")
_add_symbol(
    "contrib.distribute.AllReduceCrossDeviceOps",
    None,
    "use tf.distribute.NcclAllReduce or tf.distribute.HierarchicalCopyAllReduce",
)
_add_symbol("contrib.quantize", None, "use the tensorflow-model-optimization package")
_add_symbol("contrib.tensorrt", None, "use tf.experimental.tensorrt on the exported SavedModel")
_add_symbol("contrib.cloud", None, "read the data with tf.data or a client library of its service")
_add_symbol("contrib.boosted_trees", None, "use the tensorflow-decision-forests package")
_add_symbol("contrib.tensor_forest", None, "use the tensorflow-decision-forests package")
_add_symbol("contrib.factorization", None, "write it on tf.compat.v1, or use scikit-learn")
_add_symbol("contrib.timeseries", None, "write a model_fn")
_add_symbol("contrib.ffmpeg", None, "use tf.audio, or the tensorflow-io package")
for _name in (
    "adjust_hsv_in_yiq",
    "bipartite_match",
    "connected_components",
    "dense_image_warp",
    "interpolate_spline",
    "random_hsv_in_yiq",
    "single_image_random_dot_stereograms",
    "sparse_image_warp",
):
    _add_symbol(f"contrib.image.{_name}", None, "use tf.image, or write it on tf.compat.v1")
_add_symbols(
    "contrib.image",
    f"{_OURS}.image:",
    "angles_to_projective_transforms compose_transforms flat_transforms_to_matrices "
    "matrices_to_flat_transforms rotate transform translate translations_to_projective_transforms",
)
_add_symbol("contrib.mixed_precision", None, "use tf.compat.v1.mixed_precision")
_add_symbol("contrib.distributions", None, "use the tensorflow-probability package")
_add_symbol("contrib.gan", None, "use the tensorflow-gan package")
for _name, _layer in {
    "CudnnCompatibleGRUCell": "GRU",
    "CudnnGRU": "GRU",
    "CudnnLSTM": "LSTM",
    "CudnnRNNRelu": "SimpleRNN",
    "CudnnRNNTanh": "SimpleRNN",
}.items():
    _add_symbol(f"contrib.cudnn_rnn.{_name}", None, f"use tf.keras.layers.{_layer}")
_add_symbols(
    "contrib.cudnn_rnn",
    f"{_OURS}.cudnn_rnn:",
    "CUDNN_GRU CUDNN_INPUT_AUTO_MODE CUDNN_INPUT_LINEAR_MODE CUDNN_INPUT_SKIP_MODE CUDNN_LSTM "
    "CUDNN_RNN_BIDIRECTION CUDNN_RNN_RELU CUDNN_RNN_TANH CUDNN_RNN_UNIDIRECTION "
    "CudnnCompatibleLSTMCell",
)
_add_symbol("contrib.keras", f"{_TF1}.keras")

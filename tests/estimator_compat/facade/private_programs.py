"""Small computations with private names, and with names that Python dropped; see `programs`."""

import numpy as np
from programs import _constant, _run


def private_estimator_names(tf):
    from tensorflow.python.estimator.canned import metric_keys, prediction_keys
    from tensorflow.python.estimator.util import fn_args

    keys = [metric_keys.MetricKeys, prediction_keys.PredictionKeys]
    # Keys that TensorFlow 2 added.
    newer = ("_AT_RECALL", "_AT_PRECISION", "_AT_SPECIFICITY", "_AT_SENSITIVITY")
    made = [
        sorted(v for k, v in vars(one).items() if k.isupper() and not k.endswith(newer))
        for one in keys
    ]
    return {"metrics": made[0], "predictions": made[1], "args": list(fn_args(lambda a, b: a))}


def private_optimizers(tf):
    from tensorflow.python.estimator.canned.optimizers import get_optimizer_instance as get

    def error(*arguments):
        try:
            get(*arguments)
        except ValueError as raised:
            return str(raised)

    weights = tf.get_variable("w", [3], initializer=_constant(tf, 0.7))
    names = ["Adagrad", "Adam", "Ftrl", "RMSProp", "SGD"]
    made = [get(name, 0.1) for name in names] + [get(lambda: tf.train.MomentumOptimizer(0.1, 0.9))]
    given = tf.train.AdamOptimizer()
    steps = [one.minimize(tf.reduce_sum(tf.square(weights - 1.0))) for one in made]
    after = []
    with tf.Session() as session:
        for step in steps:
            session.run(tf.global_variables_initializer())
            session.run(step)
            session.run(step)
            after.append(session.run(weights))
    errors = [error("Nadam", 0.1), error("Adam"), error(3)]  # our messages have more clauses
    return {
        "types": [type(one).__name__ for one in made],
        "kept": int(get(given, 0.1) is given),
        "after": after,
        "errors": [one.split(";")[0].split(". Supp")[0].rstrip(".") for one in errors],
    }


def private_head(tf):
    from tensorflow.python.estimator.canned.head import _Head

    class Mine(_Head):
        def _create_tpu_estimator_spec(self, features, mode, logits, *given):
            loss = tf.reduce_sum(logits) + sum(given[-1] or [])
            op = given[2](loss)
            spec = tf.estimator.tpu.TPUEstimatorSpec
            return spec(mode, predictions={"p": logits}, loss=loss, train_op=op)

    class Bare(_Head):
        pass

    logits = tf.constant([1.0, 2.0])
    made = Mine().create_estimator_spec({}, "train", logits, train_op_fn=tf.identity)
    more = Mine().create_estimator_spec({}, "train", logits, None, None, tf.identity, [logits[0]])
    refused = []
    for use in (
        lambda: Bare().create_estimator_spec({}, "train", logits),
        lambda: Bare().create_loss({}, "train", logits, None),
        lambda: Bare().name,
        lambda: Bare().logits_dimension,
    ):
        try:
            use()
        except NotImplementedError as error:
            refused.append(type(error).__name__)
    found = _run(tf, {"loss": made.loss, "op": made.train_op, "more": more.loss})
    return dict(found, spec=type(made).__name__, refused=refused)


def older_python(tf):
    import base64
    import collections
    import inspect
    from collections import Mapping  # noqa: UP035

    def plain(a, b=2, *more, **rest):
        pass

    def newer(a, *, b):
        pass

    spec = inspect.getargspec(plain)
    try:
        refused = inspect.getargspec(newer)
    except ValueError:
        refused = "ValueError"
    kinds = [np.bool, np.int, np.float, np.complex, np.object, np.str]
    read = np.fromstring(b"\x01\x00\x02\x00", dtype=np.int16)
    read[0] += 1
    return {
        "spec": [spec.args, spec.varargs, spec.keywords, list(spec.defaults)],
        "refused": refused,
        "ours": str(isinstance({}, Mapping) and issubclass(list, collections.Sequence)),
        "collections": collections.OrderedDict(a=1),
        "kinds": [np.zeros(1, kind).dtype.kind for kind in kinds],
        "one": np.asscalar(np.array([7])),
        "read": [read, np.fromstring("1 2", sep=" ")],
        "decoded": base64.decodestring(b"YWI="),
    }


def learn_run_config(tf):
    names = "master evaluation_master tf_random_seed save_summary_steps save_checkpoints_secs"
    names += " save_checkpoints_steps keep_checkpoint_max keep_checkpoint_every_n_hours is_chief"
    names += " log_step_count_steps model_dir num_ps_replicas num_worker_replicas task_id task_type"
    make = tf.contrib.learn.RunConfig
    found = {}
    for settings in (
        {},
        {"master": "grpc://a:1", "evaluation_master": "grpc://b:2", "tf_random_seed": 3},
        {"save_checkpoints_steps": 7, "model_dir": "d", "num_cores": 2},
        {"save_checkpoints_steps": 7, "save_checkpoints_secs": None},
        {"save_checkpoints_secs": None},
    ):
        config = make(**settings)
        values = [[name, str(getattr(config, name))] for name in names.split()]
        values.append(["threads", config.tf_config.intra_op_parallelism_threads])
        found[",".join(settings)] = values
    changed = make(save_checkpoints_steps=7).replace(model_dir="e")
    estimator = tf.estimator.Estimator(lambda features: None, config=changed)
    found["kept"] = [estimator.config.save_checkpoints_steps, estimator.model_dir]
    hooks = [tf.train.StopAtStepHook(3)]
    replaced = tf.contrib.learn.monitors.replace_monitors_with_hooks(hooks, estimator)
    nothing = tf.contrib.learn.monitors.replace_monitors_with_hooks(None, estimator)
    found["hooks"] = str([replaced == hooks, nothing])
    found["is"] = str(issubclass(make, tf.estimator.RunConfig))
    return found


def get_name_scope(tf):
    get = tf.contrib.framework.get_name_scope
    outside = get()
    with tf.name_scope("outer"), tf.variable_scope("inner"):
        return {"scopes": [outside, get()]}


def tpu_names(tf):
    from tensorflow.contrib.tpu.python.tpu import tpu_estimator as contrib_file
    from tensorflow_estimator.python.estimator.tpu import tpu_estimator

    versions = tpu_estimator.ExportSavedModelApiVersion
    made = tf.estimator.tpu.TPUEstimator(
        lambda features, mode, params: None,
        config=tf.estimator.tpu.RunConfig(),
        use_tpu=False,
        export_saved_model_api_version=versions.V2,
    )
    same = contrib_file.ExportSavedModelApiVersion is versions
    return {
        "versions": [[one.name, one.value] for one in versions],
        "kind": type(made).__name__,
        "same": str(same),
    }


PROGRAMS = [
    private_estimator_names,
    private_optimizers,
    private_head,
    older_python,
    learn_run_config,
    get_name_scope,
    tpu_names,
]

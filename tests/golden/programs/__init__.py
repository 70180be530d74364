"""Legacy programs, as their authors would have written them, each in one of the common styles.

A program is an ordinary legacy file that reads `tf.estimator` from TensorFlow; the runner puts an
Estimator there before it imports the file. At module level it has:

    model_fn           the function, method or closure given to the Estimator
    train_input_fn     yields a short last batch; shuffles without a seed of its own where it can
    eval_input_fn      ends after a short last batch, unless EVAL_STEPS is there
    predict_input_fn   ends, unless PREDICTIONS is there
    STEPS              (steps of the first call of train, `max_steps` of the second)

and where it needs them:

    PARAMS             the Estimator's `params`
    EVAL_STEPS         `steps` of the full evaluation
    PREDICTIONS        how many predictions to take
    KEEPS_V2_BEHAVIOR  True: it does not call `disable_v2_behavior`

It increments the global step in, or after, `apply_gradients` of a v1 optimizer. The runner orders
this increment after the hooks' read of the step.

Every program must be repeatable bit for bit under the real Estimator. A difference in the last bit
of a kernel must not grow beyond 1e-6 in its few steps.
"""

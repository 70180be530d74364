"""Loss rules on averages over batches, replicas and weights: what is wrong, and what only looks so.

A line that ends in `#!` and codes is found by these rules; every other line is left alone.
"""

import pytest

from tests.migrate.rules.marked_programs import expected, found

HEAD = """import functools
import numpy as np
import tensorflow as tf
from tensorflow import keras

ce = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
each = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
"""

PROGRAMS = {
    "whole batches": HEAD
    + """
def dropped(model, raw):
    losses = []
    for x, y in raw.batch(64, drop_remainder=True).prefetch(2):
        losses.append(ce(y, model(x)).numpy())
    return np.mean(losses)

def by_a_name(model, raw):
    ds = raw.padded_batch(64, drop_remainder=True)
    mean = keras.metrics.Mean()
    for step, (x, y) in enumerate(ds):
        mean.update_state(ce(y, model(x)))
    return mean.result()

def endless(model, raw, steps):
    it = iter(raw.repeat().batch(64))
    mean = keras.metrics.Mean()
    for _ in range(steps):
        x, y = next(it)
        mean.update_state(ce(y, model(x)))
    return mean.result()

def slices(model, xs, ys):
    total, steps = 0.0, len(xs) // 64
    for i in range(steps):
        part = slice(64 * i, 64 * (i + 1))
        total += float(ce(ys[part], model(xs[part])))
    return total / steps

def listed(model, raw):
    return np.mean([ce(y, model(x)) for x, y in raw.batch(8, True).take(10)])

def listed_with_a_short_batch(model, raw):
    return np.mean([ce(y, model(x)) for x, y in raw.batch(8).take(10)])  #! LOSS306

def kept(model, raw):
    losses = []
    for x, y in raw.batch(64, drop_remainder=False):
        losses.append(ce(y, model(x)).numpy())  #! LOSS306
    return np.mean(losses)

def repeated_batches(model, raw, steps):
    it = iter(raw.batch(64).repeat())
    mean = keras.metrics.Mean()
    for _ in range(steps):
        x, y = next(it)
        mean.update_state(ce(y, model(x)))  #! LOSS306
    return mean.result()

def rounded_up(model, xs, ys):
    total, steps = 0.0, (len(xs) + 63) // 64
    for i in range(steps):
        part = slice(64 * i, 64 * (i + 1))
        total += float(ce(ys[part], model(xs[part])))  #! LOSS306
    return total / steps
""",
    "all datasets of a module are whole": HEAD
    + """
train = load().shuffle(9).batch(8, drop_remainder=True)
loss_of_epoch = keras.metrics.Mean()

@tf.function
def train_step(x, y):
    loss = ce(y, model(x))
    loss_of_epoch(loss)
    return loss

for x, y in train:
    train_step(x, y)
""",
    "a step that two loops call": HEAD
    + """
train = load("train").batch(8, drop_remainder=True)
test = load("test").batch(8)
train_loss, test_loss = keras.metrics.Mean(), keras.metrics.Mean()
train_mean = keras.metrics.Mean()
test_mean = keras.metrics.Mean()

def train_step(x, y):
    train_mean(ce(y, model(x)))

def test_step(x, y):
    test_mean(ce(y, model(x)))  #! LOSS306

for x, y in train:
    train_step(x, y)
for x, y in test:
    test_step(x, y)
""",
    "rounds that are no batches": HEAD
    + """
def of_models(x, y, models):
    losses = []
    for m in models:
        losses.append(ce(y, m(x)))
    return tf.reduce_mean(losses)

def of_crops(model, crops, y):
    losses = []
    for crop in crops:
        losses.append(ce(y, model(crop)))
    return np.mean(losses)

def of_scales(outputs, target):
    total = 0.0
    for out in outputs:
        total += ce(target, out)
    return total / len(outputs)

def of_time_steps(cell, xs, ys, state):
    loss = 0.0
    for t in range(xs.shape[1]):
        out, state = cell(xs[:, t], state)
        loss += ce(ys[:, t], out)
    return loss / xs.shape[1]

def of_tasks(model, x, labels, tasks):
    losses = []
    for task in tasks:
        losses.append(ce(labels[task], model.head(task, x)))
    return np.mean(losses)

def of_draws(model, x, y, rng):
    values = []
    for _ in range(10):
        drawn = rng.integers(0, len(x), len(x))
        values.append(float(ce(y[drawn], model(x[drawn]))))
    return np.mean(values)

def of_folds(folds):
    scores = []
    for train, test in folds:
        model = build(train)
        scores.append(ce(test[1], model(test[0])).numpy())
    return np.mean(scores)

def weighed(model, ds):
    values, sizes = [], []
    for x, y in ds:
        values.append(float(ce(y, model(x))))
        sizes.append(len(y))
    return np.average(values, weights=sizes)

def model_fn(features, labels, mode):
    losses = []
    for task in ("a", "b"):
        out = tower(features, task)
        losses.append(tf.reduce_mean(each(labels[task], out)))
    return tf.reduce_mean(tf.stack(losses))
""",
    "totals in other spellings": HEAD
    + """
def assigned(model, ds):
    total = 0.0
    for x, y in ds:
        total = total + ce(y, model(x))  #! LOSS306
    return total / len(ds)

def counted_in_while(model, it, steps):
    i, total = 0, 0.0
    while i < steps:
        x, y = next(it)
        total += ce(y, model(x))  #! LOSS306
        i += 1
    return total / i

def by_lambda(model, ds):
    loss_fn = lambda y, p: tf.reduce_mean(each(y, p))
    mean = keras.metrics.Mean()
    for x, y in ds:
        mean.update_state(loss_fn(y, model(x)))  #! LOSS306
    return mean.result()

def of_a_dict(model, ds):
    total = 0.0
    for step, batch in enumerate(ds, 1):
        out = model(batch["x"])
        total += ce(batch["y"], out)  #! LOSS306
    return total / step

def of_examples(model, ds):
    total, n = 0.0, 0
    for x, y in ds:
        total = total + tf.reduce_sum(each(y, model(x)))
        n += len(y)
    return total / n
""",
    "sessions": """import numpy as np
import tensorflow.compat.v1 as tf

losses = tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=y)
cost, total = tf.reduce_mean(losses), tf.reduce_sum(losses)
mean_cost = tf.reduce_mean(losses)

def fetched(sess, batches):
    out = []
    for bx, by in batches:
        out.append(sess.run(mean_cost, feed_dict={x: bx, y: by}))  #! LOSS306
    return np.mean(out)

def one_of_two(sess, batches):
    out, n = 0.0, 0
    for bx, by in batches:
        _, c = sess.run([accuracy, mean_cost], {x: bx, y: by})
        out += c  #! LOSS306
        n += 1
    return out / n

def by_index(sess, batches):
    out = []
    for bx, by in batches:
        out.append(sess.run([mean_cost, logits], {x: bx, y: by})[0])  #! LOSS306
    return sum(out) / len(out)

def sums(sess, batches):
    out, n = 0.0, 0
    for bx, by in batches:
        out += sess.run(tf.reduce_sum(losses), {x: bx, y: by})
        n += len(bx)
    return out / n

def of_seeds(sess, seeds, bx, by):
    out = []
    for seed in seeds:
        sess.run(init_of(seed))
        out.append(sess.run(mean_cost, {x: bx, y: by}))
    return np.mean(out)
""",
    "classes of `tf.losses`": HEAD
    + """
bce = tf.losses.BinaryCrossentropy(from_logits=True)
bce_each = tf.losses.BinaryCrossentropy(reduction=tf.losses.Reduction.NONE)
mean = tf.metrics.Mean()

def wrong(y, p):
    mean.update_state(bce(y, p))  #! LOSS306
    return bce(y, p, from_logits=True)  #! LOSS308

def right(y, p):
    mean.update_state(bce_each(y, p))
    return tf.reduce_mean(tf.losses.binary_crossentropy(y, p, from_logits=True))

def function(y, p):
    return tf.losses.binary_crossentropy(y, p, reduction="sum")  #! LOSS309
""",
    "a reduction by its place": HEAD
    + """
none = keras.losses.MeanSquaredError(keras.losses.Reduction.NONE)
summed = keras.losses.MeanSquaredError("sum")  #! LOSS313
sparse = keras.losses.SparseCategoricalCrossentropy(True, "none")
ignoring = keras.losses.SparseCategoricalCrossentropy(True, -1)
given = keras.losses.Huber(1.0, how)
odd = keras.losses.BinaryCrossentropy(True, 0.0, -1, "batch_mean")  #! LOSS307
mean = keras.metrics.Mean()

def right(y, p):
    mean.update_state(none(y, p))
    mean.update_state(sparse(y, p))
    mean.update_state(given(y, p))
    return tf.reduce_sum(none(y, p))

def wrong(y, p):
    mean.update_state(ignoring(y, p))  #! LOSS306
    return tf.reduce_mean(summed(y, p))  #! LOSS303
""",
    "weights": HEAD
    + """
def rescaled(y, p, mask):
    return tf.reduce_mean(each(y, p) * mask) / tf.reduce_mean(mask)

def rescaled_by_name(y, p, mask):
    loss = tf.reduce_mean(each(y, p) * mask)
    kept = tf.reduce_mean(mask)
    return tf.math.divide_no_nan(loss, kept)

def rescaled_and_guarded(y, p, mask):
    return tf.reduce_mean(each(y, p) * mask) / tf.maximum(tf.reduce_mean(mask), 1e-6)

def normalized(y, p, weights):
    weights = weights / tf.reduce_mean(weights)
    return tf.reduce_mean(each(y, p) * weights)

def a_term(y, p, loss_weight):
    return tf.reduce_mean(loss_weight * each(y, p))

def of_classes(y, p, class_weights):
    weights = tf.gather(class_weights, y)
    return tf.reduce_mean(each(y, p) * weights)

def of_samples(y, p, importance_weights):
    return tf.reduce_mean(each(y, p) * importance_weights)

def focal(y, p, gamma):
    ce = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=p)
    alpha_weight = y * 0.25 + (1 - y) * 0.75
    return tf.reduce_mean(alpha_weight * (1 - tf.exp(-ce)) ** gamma * ce)

def names(y, p):
    mean_per_example = tf.reduce_mean(each(y, p))
    per_example = ce(y, p)  #! LOSS314
    return mean_per_example, per_example

def wrong(y, p, weights):
    weights = tf.cast(weights, tf.float32)
    return tf.reduce_mean(each(y, p) * weights)  #! LOSS305
""",
    "replicas": HEAD
    + """
strategy = tf.distribute.MirroredStrategy()

def over_size(x, y):
    with tf.GradientTape() as tape:
        losses = each(y, model(x))
        loss = tf.reduce_sum(losses) / tf.cast(tf.size(losses), tf.float32)  #! LOSS312
    return tape.gradient(loss, model.trainable_variables)

def over_worker(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(each(y, model(x))) / PER_WORKER  #! LOSS312
    return tape.gradient(loss, model.trainable_variables)

def with_more(x, y, alpha):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(each(y, model(x)))  #! LOSS312
    return tape.gradient(loss, model.trainable_variables)

def averaged(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(each(y, model(x)))
    gradients = tape.gradient(loss, model.trainable_variables)
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)

def a_sum_over_worker(x, y):
    summed = keras.losses.CategoricalCrossentropy(reduction="sum")
    with tf.GradientTape() as tape:
        loss = summed(y, model(x)) / batch_size_per_replica  #! LOSS312
        scaled = optimizer.get_scaled_loss(loss)
    return tape.gradient(scaled, model.trainable_variables)

def minimized(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(each(y, model(x)))  #! LOSS312
    optimizer.minimize(loss, model.trainable_variables, tape=tape)

def minimized_over_all(x, y):
    summed = keras.losses.CategoricalCrossentropy(reduction="sum")
    with tf.GradientTape() as tape:
        loss = summed(y, model(x)) / global_batch_size
    optimizer.minimize(loss, model.trainable_variables, tape=tape)

with strategy.scope():
    for_compile = keras.losses.BinaryCrossentropy()
    for_a_loop = keras.losses.BinaryCrossentropy()  #! LOSS320
    model.compile("sgd", loss=for_compile)

strategy.run(a_sum_over_worker, args=batch)
strategy.run(minimized, args=batch)
strategy.run(minimized_over_all, args=batch)
strategy.run(over_size, args=batch)
strategy.run(over_worker, args=batch)
strategy.run(functools.partial(with_more, alpha=0.5), args=batch)
strategy.run(averaged, args=batch)
""",
    "sums, sizes and shapes": HEAD
    + """
def added(y, p):
    loss = tf.reduce_sum(each(y, p))
    loss += ce(y, p)  #! LOSS304
    return loss

def product(y, p, batch_size, replicas):
    return tf.nn.compute_average_loss(each(y, p), batch_size * replicas)  #! LOSS311

def weights(y, p, weight, scale):
    return tf.nn.compute_average_loss(each(y, p), weight * scale)

def images(y, p):
    bce = keras.losses.binary_crossentropy(y, p)
    return tf.reduce_mean(tf.reduce_sum(bce, axis=(1, 2)))

def pairs(x):
    return tf.abs(tf.reshape(x, [-1]) - tf.reshape(x, [-1, 1]))

def labels_and_outputs(x, y):
    return tf.abs(tf.reshape(y, [-1]) - tf.reshape(model(x), [-1, 1]))  #! LOSS315

def model_fn(features, labels, mode):
    is_training = mode == tf.estimator.ModeKeys.TRAIN
    loss = tf.reduce_mean(each(labels, model(features)))
    if is_training:
        loss += penalty  #! LOSS317
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)
""",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_is_wrong_is_found_and_what_is_right_is_not(program: str) -> None:
    assert found(program) == expected(program)

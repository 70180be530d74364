"""Loss rules on code as tutorials and guides have it: what is wrong is found on its line.

A line that ends in `#!` and codes is found by these rules; every other line is left alone.
"""

import re

import pytest

from tests.migrate.rules.marked_programs import expected, found

HEAD = "import numpy as np\nimport tensorflow as tf\n"
V1 = "import tensorflow.compat.v1 as tf\n"

PROGRAMS = {
    "masked translation": HEAD
    + """
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction='none')

def loss_function(real, pred):
  mask = tf.math.logical_not(tf.math.equal(real, 0))
  loss_ = loss_object(real, pred)
  mask = tf.cast(mask, dtype=loss_.dtype)
  loss_ *= mask
  return tf.reduce_mean(loss_)  #! LOSS305

def right(real, pred):
  mask = tf.cast(tf.math.not_equal(real, 0), tf.float32)
  loss_ = loss_object(real, pred)
  loss_ *= mask
  return tf.reduce_sum(loss_) / tf.reduce_sum(mask)
""",
    "means over an epoch": HEAD
    + """
import statistics

loss_fn = tf.keras.losses.BinaryCrossentropy(from_logits=True)

class Trainer:
  def __init__(self, model, strategy):
    self.model = model
    self.metrics = {'loss': tf.keras.metrics.Mean('loss')}

  def listed(self, ds):
    losses = [loss_fn(y, self.model(x)) for x, y in ds]  #! LOSS306
    return statistics.mean(losses)

  def stacked(self, ds):
    out = []
    for x, y in ds:
      out.append(loss_fn(y, self.model(x)))  #! LOSS306
    return tf.reduce_mean(tf.stack(out))

  def metric(self, ds):
    for x, y in ds:
      self.metrics['loss'].update_state(loss_fn(y, self.model(x)))  #! LOSS306

  def numbered(self, ds):
    total = 0.
    for step, (x, y) in enumerate(ds):
      total += loss_fn(y, self.model(x))  #! LOSS306
    return total / tf.cast(step + 1, tf.float32)

  def counted(self, iterator):
    for _ in range(self.steps):
      x, y = next(iterator)
      self.total += loss_fn(y, self.model(x))  #! LOSS306
    self.total /= self.steps

  def weighed(self, ds):
    total, n = 0., 0
    for x, y in ds:
      b = x.shape[0]
      total += loss_fn(y, self.model(x)) * b
      n += b
    return total / n

  def of_models(self, x, y, models):
    each = [loss_fn(y, m(x)) for m in models]
    return sum(each) / len(each)
""",
    "a strategy of another name": HEAD
    + """
mirrored = tf.distribute.MirroredStrategy()
loss_obj = tf.keras.losses.MeanSquaredError()

def train_step(x, y):
  with tf.GradientTape() as t:
    l = loss_obj(y, model(x))  #! LOSS312
  return t.gradient(l, model.trainable_variables)

for x, y in ds:
  mirrored.run(train_step, args=(x, y))

BATCH_SIZE_PER_REPLICA = 32
GLOBAL_BATCH_SIZE = BATCH_SIZE_PER_REPLICA * mirrored.num_replicas_in_sync
per_example = tf.keras.losses.MeanSquaredError(reduction='none')

def of_its_own(x, y):
  with tf.GradientTape() as t:
    losses = per_example(y, model(x))
    loss = tf.nn.compute_average_loss(losses, global_batch_size=BATCH_SIZE_PER_REPLICA)  #! LOSS312
  return t.gradient(loss, model.trainable_variables)

def of_all(x, y):
  with tf.GradientTape() as t:
    losses = per_example(y, model(x))
    loss = tf.nn.compute_average_loss(losses, global_batch_size=GLOBAL_BATCH_SIZE)
  return t.gradient(loss, model.trainable_variables)

mirrored.run(of_its_own, args=(x, y))
mirrored.run(of_all, args=(x, y))
""",
    "the worst examples": HEAD
    + """
ce = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
per = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction='none')

def worst(x, y):
  losses = ce(y, model(x))
  return tf.math.top_k(losses, k=5)  #! LOSS314

def right(x, y):
  losses = per(y, model(x))
  return tf.argsort(losses)

def weighted(x, y, w):
  loss = ce(y, model(x))
  return tf.reduce_sum(tf.multiply(loss, w)) / tf.reduce_sum(w)  #! LOSS314

def right_too(x, y, w):
  losses = per(y, model(x))
  return tf.reduce_sum(losses * w) / tf.reduce_sum(w)

def scaled(x, y, scale):
  return ce(y, model(x)) * scale

def optional(labels, outputs, sample_weights=None):
  err = tf.square(labels - outputs)
  if sample_weights is not None:
    err = err * sample_weights
  return tf.reduce_mean(err)  #! LOSS305
""",
    "custom loop": HEAD
    + """
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_loss = tf.keras.metrics.Mean(name='train_loss')
test_loss = tf.keras.metrics.Mean(name='test_loss')
optimizer = tf.keras.optimizers.Adam()

@tf.function
def train_step(images, labels):
  with tf.GradientTape() as tape:
    predictions = model(images, training=True)
    loss = loss_object(labels, predictions)
  gradients = tape.gradient(loss, model.trainable_variables)
  optimizer.apply_gradients(zip(gradients, model.trainable_variables))
  train_loss(loss)  #! LOSS306

@tf.function
def test_step(images, labels):
  predictions = model(images, training=False)
  t_loss = loss_object(labels, predictions)
  test_loss.update_state(t_loss, sample_weight=tf.shape(labels)[0])

for epoch in range(3):
  epoch_losses = []
  for images, labels in train_ds:
    batch_loss = loss_object(labels, model(images))
    epoch_losses.append(batch_loss.numpy())  #! LOSS306
  print(np.mean(epoch_losses))
""",
    "total by hand": HEAD
    + """
bce = tf.keras.losses.BinaryCrossentropy()

def evaluate(dataset):
  total, examples, batches = 0.0, 0, 0
  for x, y in dataset:
    total += float(bce(y, model(x)))  #! LOSS306
    batches += 1
  return total / batches

def right(dataset):
  total, examples = 0.0, 0
  for x, y in dataset:
    total += float(bce(y, model(x))) * len(x)
    examples += len(x)
  return total / examples
""",
    "distributed": HEAD
    + """
strategy = tf.distribute.MirroredStrategy()
GLOBAL_BATCH_SIZE = 64
with strategy.scope():
  loss_object = tf.keras.losses.SparseCategoricalCrossentropy(
      from_logits=True, reduction=tf.keras.losses.Reduction.NONE)
  wrong_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)  #! LOSS320

def compute_loss(labels, predictions):
  per_example_loss = loss_object(labels, predictions)
  return tf.nn.compute_average_loss(per_example_loss, global_batch_size=GLOBAL_BATCH_SIZE)

def positional(labels, predictions):
  per_example_loss = loss_object(labels, predictions)
  return tf.nn.compute_average_loss(per_example_loss, GLOBAL_BATCH_SIZE)  #! LOSS311

def train_step(inputs):
  x, y = inputs
  with tf.GradientTape() as tape:
    loss = tf.reduce_mean(loss_object(y, model(x)))  #! LOSS312
  grads = tape.gradient(loss, model.trainable_variables)
  return loss

def divided_twice(y, p):
  mean_loss = tf.reduce_mean(loss_object(y, p))
  return mean_loss / GLOBAL_BATCH_SIZE  #! LOSS318

def right_step(inputs):
  x, y = inputs
  with tf.GradientTape() as tape:
    loss = tf.reduce_sum(loss_object(y, model(x))) * (1.0 / GLOBAL_BATCH_SIZE)
  grads = tape.gradient(loss, model.trainable_variables)
  return loss

def mean_loss(labels, predictions):
  return tf.reduce_mean(loss_object(labels, predictions))  #! LOSS312

def step_with_function(inputs):
  x, y = inputs
  with tf.GradientTape() as tape:
    loss = mean_loss(y, model(x))
    loss += tf.add_n(model.losses)
  return tape.gradient(loss, model.trainable_variables)

def step_with_local_size(inputs):
  x, y = inputs
  with tf.GradientTape() as tape:
    losses = loss_object(y, model(x))
    loss = tf.nn.compute_average_loss(losses, global_batch_size=tf.shape(y)[0])  #! LOSS312
  return tape.gradient(loss, model.trainable_variables)

def step_with_keras_mean(inputs):
  x, y = inputs
  with tf.GradientTape() as tape:
    loss = tf.keras.losses.MeanSquaredError()(y, model(x))  #! LOSS312
  return tape.gradient(loss, model.trainable_variables)

def right_step_by_replicas(inputs):
  x, y = inputs
  with tf.GradientTape() as tape:
    loss = tf.reduce_mean(loss_object(y, model(x)))
    loss = loss / strategy.num_replicas_in_sync
  return tape.gradient(loss, model.trainable_variables)

class Trainer:
  def compute_loss(self, y, p):
    return tf.reduce_mean(loss_object(y, p))  #! LOSS312

  @tf.function
  def step(self, inputs):
    x, y = inputs
    with tf.GradientTape() as tape:
      loss = self.compute_loss(y, model(x))
    return tape.gradient(loss, model.trainable_variables)

  def run(self):
    self.strategy.run(self.step, args=(batch,))

strategy.run(step_with_function, args=(batch,))
strategy.run(step_with_local_size, args=(batch,))
strategy.run(step_with_keras_mean, args=(batch,))
strategy.run(right_step_by_replicas, args=(batch,))
strategy.run(train_step, args=(batch,))
strategy.run(right_step, args=(batch,))
""",
    "reductions": HEAD
    + """
a = tf.keras.losses.MeanSquaredError(reduction=tf.keras.losses.Reduction.MEAN)  #! LOSS307
a2 = tf.keras.losses.MeanSquaredError(reduction=tf.losses.Reduction.MEAN)  #! LOSS307
a3 = tf.keras.losses.MeanSquaredError(tf.compat.v1.losses.Reduction.SUM)  #! LOSS307 LOSS313
a4 = tf.keras.losses.MeanSquaredError(reduction=tf.losses.Reduction.SUM)  #! LOSS313
a5 = tf.keras.losses.MeanSquaredError(reduction=tf.compat.v1.losses.Reduction.NONE)
b = tf.compat.v1.losses.Reduction.MEAN
c = tf.keras.losses.BinaryCrossentropy()
d = c(y_true, y_pred, from_logits=True)  #! LOSS308
e = tf.keras.losses.binary_crossentropy(y_true, y_pred, from_logits=True)
f = tf.keras.losses.mean_squared_error(y_true, y_pred, reduction='sum')  #! LOSS309
g = tf.keras.losses.MeanSquaredError(reduction='none')
h = tf.reduce_sum(g(y_true, y_pred))
""",
    "per example": V1
    + """
def model_fn(features, labels, mode, params):
  logits = tf.layers.dense(features['x'], 3)
  per_example_loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)  #! LOSS301 LOSS314
  loss = tf.reduce_mean(per_example_loss)  #! LOSS303
  return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)

def right(features, labels, mode, params):
  logits = tf.layers.dense(features['x'], 3)
  per_example_loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
  loss = tf.reduce_mean(per_example_loss)
  return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)

def vector(features, labels, mode, params):
  logits = tf.layers.dense(features['x'], 3)
  loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
  return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)  #! LOSS310
""",
    "weights of examples": HEAD
    + """
mse = tf.keras.losses.MeanSquaredError()

def train_step(x, y, sample_weight):
  loss = mse(y, model(x))
  return tf.reduce_mean(loss * sample_weight)  #! LOSS314

def right(x, y, sample_weight):
  return mse(y, model(x), sample_weight=sample_weight)

def weighted_terms(x, y, aux_weight):
  return mse(y, model(x)) + aux_weight * mse(y, other(x))

def by_hand(x, labels, weights):
  return tf.reduce_mean(weights * tf.square(labels - model(x)))  #! LOSS305

def clipped(x, labels):
  return tf.reduce_mean(tf.square(labels - model(x)))
""",
    "shapes": V1
    + """
def model_fn(features, labels, mode):
  predictions = tf.layers.dense(features['x'], 1)
  flat = tf.squeeze(predictions, 1)
  loss = tf.reduce_mean(tf.square(labels - predictions))  #! LOSS315
  loss2 = tf.reduce_mean(tf.square(labels - flat))
  loss3 = tf.reduce_mean(tf.squared_difference(flat, tf.reshape(labels, [-1, 1])))  #! LOSS315
  loss4 = tf.reduce_mean(tf.squared_difference(predictions, tf.reshape(labels, [-1, 1])))
  loss5 = tf.losses.mean_squared_error(labels, predictions)  #! LOSS301
  return loss + loss2 + loss3 + loss4 + loss5
""",
    "dtypes": HEAD
    + """
labels = tf.cast(raw, tf.float64)
predictions = tf.keras.layers.Dense(1)(features)
loss = tf.reduce_mean((labels - predictions) ** 2)  #! LOSS316
right = tf.reduce_mean((tf.cast(labels, tf.float32) - predictions) ** 2)
""",
    "modes": V1
    + """
def model_fn(features, labels, mode, params):
  loss = tf.losses.log_loss(labels, f(features), reduction=tf.losses.Reduction.SUM)
  if mode == tf.estimator.ModeKeys.EVAL:
    return tf.estimator.EstimatorSpec(mode, loss=loss)
  loss = loss + params['l2'] * penalty
  return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)

def other(features, labels, mode, params):
  loss = tf.losses.log_loss(labels, f(features), reduction=tf.losses.Reduction.SUM)
  if mode == tf.estimator.ModeKeys.TRAIN:
    loss += tf.losses.get_regularization_loss()  #! LOSS317
    op = optimizer.minimize(loss)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)
  return tf.estimator.EstimatorSpec(mode, loss=loss)

def right(features, labels, mode, params):
  loss = tf.losses.log_loss(labels, f(features), reduction=tf.losses.Reduction.SUM)
  loss += tf.losses.get_regularization_loss()
  if mode == tf.estimator.ModeKeys.TRAIN:
    steps += 1
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)
  return tf.estimator.EstimatorSpec(mode, loss=loss)
""",
    "a class": HEAD
    + """
class Trainer:
  def __init__(self, model):
    self.model = model
    self.loss_object = tf.keras.losses.MeanSquaredError()
    self.per_example = tf.keras.losses.MeanSquaredError(reduction='none')
    self.mean = tf.keras.metrics.Mean()
    self.other = tf.keras.losses.MeanSquaredError()
    self.other = tf.keras.losses.MeanSquaredError(reduction='none')

  def step(self, x, y, mask):
    loss = self.loss_object(y, self.model(x))
    self.mean.update_state(loss)  #! LOSS306
    self.mean.update_state(self.per_example(y, self.model(x)))
    self.mean(self.other(y, self.model(x)))
    return tf.reduce_mean(self.per_example(y, self.model(x)) * mask)  #! LOSS305
""",
    "averages": V1
    + """
losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
loss = tf.reduce_sum(losses)
average_loss = tf.reduce_mean(losses)
metrics = {
    'average_loss': tf.metrics.mean(loss),  #! LOSS319
    'mean_loss': tf.metrics.mean(losses),
    'loss/mean': tf.metrics.mean(average_loss),  #! LOSS306
}
tf.summary.scalar('average_loss', average_loss)
total = tf.reduce_sum(losses) + tf.reduce_mean(losses)  #! LOSS304
""",
    "canned": """import tensorflow as tf

model = tf.estimator.DNNClassifier(hidden_units=[8], feature_columns=columns)  #! LOSS302
named = tf.estimator.DNNRegressor([8], columns, loss_reduction=tf.losses.Reduction.SUM)
old = tf.compat.v1.estimator.LinearClassifier(columns)  #! LOSS302
""",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_is_wrong_is_found_on_its_line(program: str) -> None:
    assert found(program) == expected(program)


def test_each_rule_of_losses_is_tried() -> None:
    tried = set(re.findall(r"LOSS\d+", "".join(PROGRAMS.values())))
    assert len(tried) >= 18

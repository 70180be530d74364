"""`tf.contrib.seq2seq`: decoders, their helpers, attention and beam search.

Names of variables, arguments and results are TensorFlow 1.15's. Shapes are batch-major unless
something else is said: `[batch, time, depth]`.
"""

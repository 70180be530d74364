"""`model_to_estimator`: Estimators that are made of Keras models."""

"""The facade: `import tensorflow as tf` as TensorFlow 1 programs knew it, for them alone.

`install()` makes the modules that are imported from then on see it; `run_script` and `run_module`
(the command `python -m estimator_compat run`) do so for a whole program. Libraries keep seeing the
real TensorFlow: `importing` says which module is which.
"""

from estimator_compat.facade.importing import install
from estimator_compat.facade.names import tensorflow
from estimator_compat.facade.programs import hint, run_module, run_script

__all__ = ["hint", "install", "run_module", "run_script", "tensorflow"]

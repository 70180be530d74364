"""The facade: `import tensorflow as tf` gives legacy modules TensorFlow as they knew it.

`install()` shows the facade to the legacy modules that are imported after it. `run_script` and
`run_module` (the command `python -m estimator_compat run`) show it to a whole program. Other
modules, such as libraries, import the real TensorFlow. `importing` tells which modules are legacy.
"""

from estimator_compat.facade.importing import install
from estimator_compat.facade.names import tensorflow
from estimator_compat.facade.programs import hint, run_module, run_script

__all__ = ["hint", "install", "run_module", "run_script", "tensorflow"]

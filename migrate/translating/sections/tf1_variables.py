"""`Tf1Variables`: what a written module has for a forward pass that is kept as it is."""

# Public API of TensorFlow only. The forward pass runs in a `tf.function`: each trace is a graph.
SOURCE = '''\
class Tf1Variables(tf.Module):
    """The variables that TF1 code asks for: each is made once, and kept under its TF1 name.

    A `tf.function` that is traced anew runs its Python code anew. `scope()` then is to TF1 code
    what a new `tf.Graph` was: default names count from the start, and collections are empty.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_name: dict[str, tf.Variable] = {}
        self.global_step = tf.Variable(0, dtype=tf.int64, trainable=False, name="global_step")

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Enter it around TF1 code, in a `tf.function(autograph=False)`, once in a trace."""
        if tf.executing_eagerly():
            raise RuntimeError("eager mode has no collections; enter `scope` in a tf.function.")
        graph, root, keys = tf1.get_default_graph(), tf1.get_variable_scope(), tf1.GraphKeys
        outer = {key: tf1.get_collection(key) for key in graph.get_all_collection_keys()}
        for key in outer:
            graph.clear_collection(key)
        tf1.add_to_collections([keys.GLOBAL_STEP, keys.GLOBAL_VARIABLES], self.global_step)
        trace = _Trace(self.by_name, graph, bool(root.reuse))
        try:
            # The root scope as an object, not as "": leaving it sets the counts of names back.
            with tf1.variable_scope(root, custom_getter=trace.get_variable):
                with tf.variable_creator_scope(trace.create):
                    yield
        finally:
            for key in {*outer, *graph.get_all_collection_keys()}:
                tf1.get_collection_ref(key)[:] = outer.get(key, [])


_ARGUMENTS = ("shape", "dtype", "initializer", "regularizer", "reuse", "trainable", "collections")


class _Trace:
    """What TF1 code asks for, from entering a scope to leaving it."""

    def __init__(self, kept: dict[str, tf.Variable], graph: tf.Graph, is_replica: bool) -> None:
        self.kept, self.graph, self.is_replica = kept, graph, is_replica
        self.used: dict[str, tf.Variable] = {}
        self.is_making = False

    def get_variable(self, getter: Any, name: str, *args: Any, **kwargs: Any) -> tf.Variable:
        """Does what `tf.get_variable` did in a new graph; the custom getter of the root scope."""
        kwargs.update(zip(_ARGUMENTS, args))
        name = name.rstrip("/")  # that of a moving average ends in one
        reuse = tf1.AUTO_REUSE if self.is_replica else kwargs.get("reuse")
        if reuse is not tf1.AUTO_REUSE and bool(reuse) != (name in self.used):
            raise ValueError(f"variable {name} {'does not exist yet' if reuse else 'exists'}.")
        if name in self.used:
            return self.used[name]
        regularizer, collections = kwargs.get("regularizer"), kwargs.get("collections")
        kwargs.update(regularizer=None, collections=None, partitioner=None, reuse=None)
        if tf.is_tensor(value := kwargs.get("initializer")) and name not in self.kept:
            variable = tf1.Variable(value, kwargs.get("trainable"), collections, name=name)
        else:
            variable = self.keep(name, collections, lambda: _eagerly(getter, name, **kwargs))
        if regularizer is not None and (loss := regularizer(variable)) is not None:
            tf1.add_to_collection(tf1.GraphKeys.REGULARIZATION_LOSSES, loss)
        return variable

    def create(self, maker: Any, **kwargs: Any) -> tf.Variable:
        """Does what `tf.Variable` did: TF1 named it by the name scope, and never shared it."""
        if self.is_making:
            return maker(**kwargs)
        # A model that Keras builds at once is built outside of the graph, in its own name scopes.
        with tf.name_scope("inner") as inner, self.graph.name_scope(None):
            outer = inner.rstrip("/").rpartition("inner")[0]
            name = self.graph.unique_name(outer + (kwargs.get("name") or "Variable"))
        kwargs["name"] = name
        value, collections = kwargs["initial_value"], kwargs.pop("collections", None)
        if tf.is_tensor(value) and not tf.executing_eagerly():
            kwargs["initial_value"] = static = tf.get_static_value(value)
            if static is None:  # tf.function computes it, once, when it has been traced
                kwargs["initial_value"] = value
                return self.keep(name, collections, lambda: maker(**kwargs))
        return self.keep(name, collections, lambda: _eagerly(maker, **kwargs))

    def keep(self, name: str, collections: Any, make: Callable[[], tf.Variable]) -> tf.Variable:
        """Makes a variable, if there is none of that name yet."""
        if name not in self.kept:
            self.is_making = True
            with tf1.name_scope(None):  # the name is a whole one
                self.kept[name] = make()
            self.is_making = False
        self.used[name] = variable = self.kept[name]
        tf1.add_to_collections(collections or [tf1.GraphKeys.GLOBAL_VARIABLES], variable)
        if variable.trainable:
            tf1.add_to_collection(tf1.GraphKeys.TRAINABLE_VARIABLES, variable)
        return variable


def _eagerly(make: Callable[..., tf.Variable], *args: Any, **kwargs: Any) -> tf.Variable:
    with tf.init_scope():
        return make(*args, **kwargs)'''

"""The modules of `estimator-train`; the `migrate` command line uses some of them, too."""

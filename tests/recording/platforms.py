"""Describes what the bits of a kernel depend on: the release, the CPU and the thread count."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

CPU_FEATURES = re.compile(r"sse4|avx|fma|f16c|amx|asimd|sve|bf16")


def at_hand() -> dict[str, Any]:
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text()
    except OSError:
        cpuinfo = ""
    flags = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    model = re.search(r"^model name\s*:\s*(.*)$", cpuinfo, re.MULTILINE)
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "cpu": model.group(1) if model else platform.processor(),
        "cpu_features": sorted(
            flag for flag in (flags.group(1).split() if flags else []) if CPU_FEATURES.match(flag)
        ),
        "cpus": cpus,
        "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", ""),
    }

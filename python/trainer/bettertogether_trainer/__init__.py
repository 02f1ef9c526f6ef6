"""Trains LoRA adapters on a GGUF base model for BetterTogether's embedded endpoint.

The environment is set here because it counts only if it is set before torch and transformers are imported.
"""

import os

# Worker threads of OpenMP must sleep, not spin, between two operations: the server beside us needs the cores.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
# The base model is a file on this machine; nothing is asked of a hub unless a cluster's environment allows it.
os.environ.setdefault('HF_HUB_OFFLINE', '1')
os.environ.setdefault('TRANSFORMERS_VERBOSITY', 'error')
os.environ.setdefault('HF_HUB_DISABLE_PROGRESS_BARS', '1')
os.environ.setdefault('TOKENIZERS_PARALLELISM', 'false')

__version__ = '0.1.0'

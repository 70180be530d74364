"""Probes: what a loss does on batches that were made to tell statements about it apart.

A probe feeds a batch into the graph of a loss: with its examples in another order, without one of
them, half of it, or with other weights. It then shows or refutes a statement of the ledger, or says
why it could do neither. A file has one probe; `probing` asks all of them.
"""

"""Walks through traced graphs that the tests share."""

from collections.abc import Iterable

import tensorflow as tf


def with_ancestors(operations: Iterable[tf.Operation]) -> set[tf.Operation]:
    """Operations and all that they wait for, in their own graph."""
    todo, seen = list(operations), set()
    while todo:
        operation = todo.pop()
        if operation not in seen:
            seen.add(operation)
            todo += [*(tensor.op for tensor in operation.inputs), *operation.control_inputs]
    return seen

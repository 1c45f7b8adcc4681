"""scikit-learn's own checks of an estimator, on a tiny configuration: each fit traces for seconds."""

from typing import Any

import pytest
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

from bayesian_gan import BayesianGANClassifier

# Why a check cannot pass.
EXPECTED_FAILURES = {
    "check_classifiers_classes": "ends with classes -1 and 1, and -1 means unlabelled here; "
    "scikit-learn gives its own semi-supervised estimators other labels by their names",
}
# Those that say most of a fit, and whose own fits are few.
TELLING = (
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimators_unfitted",
    "check_estimators_empty_data_messages",
    "check_estimators_nan_inf",
    "check_complex_data",
    "check_n_features_in_after_fitting",
    "check_dict_unchanged",
    "check_estimators_pickle",
    "check_supervised_y_no_nan",
    "check_requires_y_none",
    "check_classifiers_regression_target",
    "check_methods_subset_invariance",
)


def tiny(**parameters: Any) -> BayesianGANClassifier:
    """A classifier whose fit is all but tracing."""
    defaults = {"iterations": 60, "num_mcmc": 1, "hidden": 20, "batch_size": 16, "random_state": 0}
    return BayesianGANClassifier(**(defaults | parameters))


def test_telling_checks_are_there() -> None:
    names = {check.func.__name__ for _, check in estimator_checks_generator(tiny())}
    assert set(TELLING) <= names


@pytest.mark.parametrize("name", TELLING)
def test_scikit_learn_checks(name: str) -> None:
    for estimator, check in estimator_checks_generator(tiny()):
        if check.func.__name__ == name:
            check(estimator)


@pytest.mark.slow
def test_all_checks_of_scikit_learn() -> None:
    done = check_estimator(tiny(), expected_failed_checks=EXPECTED_FAILURES, on_skip=None)
    failed = {each["check_name"] for each in done if each["status"] == "xfail"}
    assert failed == set(EXPECTED_FAILURES)

"""The synthetic experiment: data whose distribution is known, in many dimensions, seen on a plane."""

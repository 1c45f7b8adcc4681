"""The same step in other frameworks, to be compared with; they are no dependencies of this project."""

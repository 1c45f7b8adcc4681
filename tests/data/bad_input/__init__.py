"""Data that must be refused, a table of cases for each kind of file."""

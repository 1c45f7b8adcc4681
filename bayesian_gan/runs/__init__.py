"""One run from its options: built, trained, gone on with, branched off, merged, and opened again."""

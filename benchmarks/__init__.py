"""What training and sampling cost, and how well they do: scripts to run by hand."""

"""The collected posterior, in the formats of other programs: SavedModel, `.keras`, LiteRT, ONNX."""

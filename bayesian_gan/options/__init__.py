"""Every option of the programs, declared once; nothing here imports TensorFlow."""

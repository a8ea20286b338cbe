"""What a person touches: the command line, and the window.

This room must not import torch: the model lives in another process.
"""

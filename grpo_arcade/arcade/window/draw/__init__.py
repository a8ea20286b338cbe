"""What everything in the window is painted with: text, shapes, colours, boards, code. Knows no scene."""

"""What is in a file of conversations: read, judged, measured, mended, converted. It knows no installation."""

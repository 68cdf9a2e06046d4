"""What is known of base models, GPUs, prices and presets: one data file each, checked on reading, with sources."""

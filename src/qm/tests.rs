//! Rings against a device written here in a few lines.

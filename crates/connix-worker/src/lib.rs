//! connix-worker

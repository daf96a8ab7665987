//! connix-runtime

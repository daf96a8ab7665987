//! connix-worker-protocol

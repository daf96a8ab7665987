//! connix-identity

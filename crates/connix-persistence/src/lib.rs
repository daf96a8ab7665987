//! connix-persistence

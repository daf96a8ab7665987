//! The system from outside: starts the real binary and speaks HTTP.

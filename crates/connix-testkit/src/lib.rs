//! connix-testkit

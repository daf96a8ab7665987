//! connix-http

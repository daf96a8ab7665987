//! connix-domain

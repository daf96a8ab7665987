//! connix-application

//! connix-metrics

//! How pipelines end.

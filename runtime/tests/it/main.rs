//! The integration tests: one module a theme, one test a sentence.

mod pipeline;

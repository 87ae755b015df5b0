//! The program as it is run.

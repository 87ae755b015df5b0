//! Golden text: what a test got, against a file beside it.

use std::fs;
use std::path::Path;

/// Fails unless `got` is what the file holds. With `UPDATE_GOLDEN=1` the file is written instead.
pub(crate) fn check(file: &Path, got: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file, got).unwrap();
        return;
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert!(
        got == expected,
        "{} differs; UPDATE_GOLDEN=1 rewrites it\n--- expected\n{expected}\n--- got\n{got}",
        file.display(),
    );
}

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn quickstart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart")
}

/// What a run of this pipeline file prints, from the log's beginning.
fn output(pipeline: &Path) -> String {
    let state = tempfile::tempdir().unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .arg("run")
        .arg(pipeline)
        .arg("--state")
        .arg(state.path())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

fn expected() -> String {
    fs::read_to_string(quickstart().join("expected.jsonl")).unwrap()
}

#[test]
fn the_first_run_prints_what_is_expected() {
    assert_eq!(output(&quickstart().join("pipeline.yaml")), expected());
}

#[test]
fn the_plugin_that_is_checked_in_does_what_its_source_says() {
    let folder = tempfile::tempdir().unwrap();
    let built = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["plugin", "build"])
        .arg(quickstart().join("vip"))
        .arg("--out")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    assert!(fs::metadata(quickstart().join("vip.wasm")).unwrap().len() <= 150_000);
    let pipeline = fs::read_to_string(quickstart().join("pipeline.yaml")).unwrap();
    let binlog = quickstart().canonicalize().unwrap().join("binlog");
    let pipeline = pipeline.replace("binlog/", &format!("{}/", binlog.display()));
    fs::write(folder.path().join("pipeline.yaml"), pipeline).unwrap();
    assert_eq!(output(&folder.path().join("pipeline.yaml")), expected());
}

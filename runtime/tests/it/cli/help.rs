//! The help is a page to learn from; it changes on purpose only.

use super::*;

#[test]
fn every_command_explains_itself() {
    for command in [
        "",
        "run",
        "check",
        "schema",
        "inspect",
        "verify",
        "plugin",
        "plugin build",
        "plugin check",
    ] {
        let mut arguments = command.split_whitespace().collect::<Vec<_>>();
        arguments.push("--help");
        let output = output(&arguments);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let name = if command.is_empty() { "tidemill".into() } else { command.replace(' ', "-") };
        golden::check(Path::new(&format!("tests/golden/cli/{name}.help")), text(&output.stdout));
    }
}

#[test]
fn wrong_use_exits_with_2() {
    for arguments in [
        &["fly"][..],
        &["run"],
        &["run", "--frob"],
        &["run", "x.yaml", "--listen", "nowhere"],
        &["run", "x.yaml", "--workers", "0"],
        &["run", "tests/golden/config/none.yaml"],
        &["check", "tests/golden/config/key-at-top.yaml"],
    ] {
        let output = output(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_wrong_log_filter_is_named() {
    let output = tidemill(&["run", "x.yaml"]).env("TIDEMILL_LOG", "a=b=c").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("TIDEMILL_LOG is wrong: `a=b=c`"));
}

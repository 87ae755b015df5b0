//! Compiled code is kept, and only trusted where nobody else can have written it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidemill::plugin::{Sandbox, load_in};

use super::{frames, guests};

/// Loads and uses a plugin in a sandbox over this folder; says whether it was compiled.
fn compiles(folder: &Path) -> bool {
    let sandbox = Arc::new(Sandbox::new(Some(folder)).unwrap());
    let plugin = load_in(&sandbox, &guests::spec("abuse", "{\"do\":\"nothing\"}")).unwrap();
    let mut out = Vec::new();
    plugin.instance().unwrap().serialize(&frames::small(1), 1, &mut out).unwrap();
    plugin.about().unwrap().compiled.is_some()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_second_start_does_not_compile() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("made/on/the/way");
    assert!(compiles(&folder));
    assert!(!compiles(&folder));
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(entries(&folder).len(), 1, "one entry and nothing temporary");
}

#[test]
fn a_damaged_entry_is_compiled_anew_and_healed() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("compiled");
    assert!(compiles(&folder));
    let entry = entries(&folder).remove(0);
    let sound = fs::read(&entry).unwrap();
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 1;
    let mut foreign = sound.clone();
    foreign[..32].fill(0);
    for damaged in [&flipped[..], &foreign, &sound[..sound.len() - 1], &sound[..7], b""] {
        fs::write(&entry, damaged).unwrap();
        assert!(compiles(&folder));
        assert!(!compiles(&folder));
    }
}

#[test]
fn a_folder_that_others_can_write_is_not_used() {
    let root = tempfile::tempdir().unwrap();
    for mode in [0o777, 0o770, 0o702] {
        let folder = root.path().join(format!("{mode:o}"));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        assert!(compiles(&folder) && compiles(&folder));
        assert_eq!(entries(&folder), [] as [PathBuf; 0]);
    }
}

#[test]
fn the_oldest_entries_make_room() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("compiled");
    assert!(compiles(&folder));
    fs::remove_file(entries(&folder).remove(0)).unwrap();
    for number in 0..100 {
        fs::write(folder.join(format!("{number}.cwasm")), b"old").unwrap();
    }
    assert!(compiles(&folder));
    assert_eq!(entries(&folder).len(), 64);
    assert!(!compiles(&folder), "the newest stays");
}

//! Garbage in: one clear error with its place and its cure, the documented exit code, and nothing
//! lost of what was delivered before.
//!
//! Every case begins with a run over the first log. Then something breaks, a second run meets it,
//! and when it is mended a third one delivers what was missing.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{output, text};
use crate::support::golden;

const QUICKSTART: &str = "../examples/quickstart";
const PIPELINE: &str = "\
name: shop
source: {kind: file, path: \"mbin.0*\"}
tables: {include: [\"shop.*\"]}
plugins:
  - {use: ./vip.wasm, with: {min_total: 1000}}
format: {use: canal}
sink: {kind: file, path: out.jsonl}
";

struct Case {
    name: &'static str,
    exit: i32,
    /// Changes of the second log that stand before the damage are delivered. Those in one chunk
    /// with damage that only a checksum shows are not.
    some_delivered: bool,
    damage: fn(&Shop),
}

const CASES: &[Case] = &[
    Case {
        name: "truncated",
        exit: 1,
        some_delivered: true,
        damage: |shop| {
            shop.second_log(|log| log.truncate(log.len() - 300));
        },
    },
    Case {
        name: "bit-flipped",
        exit: 1,
        some_delivered: false,
        damage: |shop| {
            shop.second_log(|log| {
                let at = log.len() - 300;
                log[at] ^= 4;
            });
        },
    },
    Case {
        name: "empty",
        exit: 1,
        some_delivered: false,
        damage: |shop| {
            shop.second_log(Vec::clear);
        },
    },
    Case {
        name: "no-binlog",
        exit: 1,
        some_delivered: false,
        damage: |shop| {
            shop.second_log(|log| *log = fs::read(QUICKSTART.to_owned() + "/shop.sql").unwrap());
        },
    },
    Case {
        name: "wrong-path",
        exit: 2,
        some_delivered: false,
        damage: |shop| {
            shop.pipeline("mbin.0*", "logs/mbin.0*");
        },
    },
    Case {
        name: "plugin-missing",
        exit: 2,
        some_delivered: false,
        damage: |shop| {
            shop.pipeline("./vip.wasm", "./vjp.wasm");
        },
    },
    Case {
        name: "plugin-unreadable",
        exit: 2,
        some_delivered: false,
        damage: |shop| {
            shop.write("vip.wasm", &fs::read(shop.path("vip.wasm")).unwrap()[..5_000]);
        },
    },
    Case {
        name: "plugin-no-wasm",
        exit: 2,
        some_delivered: false,
        damage: |shop| {
            shop.write("vip.wasm", b"fn main() {}");
        },
    },
    Case {
        name: "key-misspelt",
        exit: 2,
        some_delivered: false,
        damage: |shop| {
            shop.pipeline("include:", "inclode:");
        },
    },
    Case {
        name: "setting-misspelt",
        exit: 2,
        some_delivered: false,
        damage: |shop| {
            shop.pipeline("min_total:", "min_totel:");
        },
    },
    Case {
        name: "plugin-unknown",
        exit: 2,
        some_delivered: false,
        damage: |shop| {
            shop.pipeline("use: canal", "use: cannal");
        },
    },
];

/// A folder with the quickstart's first log, its plugin and a pipeline that writes a file.
struct Shop(TempDir);

impl Shop {
    fn new() -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        shop.write("shop.yaml", PIPELINE.as_bytes());
        shop.copy("vip.wasm");
        shop.copy("binlog/mbin.000001");
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Takes a file of the quickstart's.
    fn copy(&self, name: &str) {
        let from = Path::new(QUICKSTART).join(name);
        self.write(from.file_name().unwrap().to_str().unwrap(), &fs::read(&from).unwrap());
    }

    /// The second log, damaged.
    fn second_log(&self, damage: impl FnOnce(&mut Vec<u8>)) {
        let mut log = fs::read(Path::new(QUICKSTART).join("binlog/mbin.000002")).unwrap();
        damage(&mut log);
        self.write("mbin.000002", &log);
    }

    fn pipeline(&self, right: &str, wrong: &str) {
        assert!(PIPELINE.contains(right));
        self.write("shop.yaml", PIPELINE.replace(right, wrong).as_bytes());
    }

    fn mend(&self) {
        self.write("shop.yaml", PIPELINE.as_bytes());
        self.copy("vip.wasm");
        self.copy("binlog/mbin.000002");
    }

    /// Runs the pipeline, and answers the exit code and what is said of errors.
    fn run(&self) -> (Option<i32>, String) {
        let output = output(&["run", self.path("shop.yaml").to_str().unwrap()]);
        assert!(output.stdout.is_empty());
        // The folder is another one every time.
        let said = text(&output.stderr).replace(self.0.path().to_str().unwrap(), "FOLDER");
        let error = said.lines().skip_while(|line| !line.starts_with("error: "));
        (output.status.code(), error.map(|line| format!("{line}\n")).collect())
    }

    fn delivered(&self) -> Vec<u8> {
        fs::read(self.path("out.jsonl")).unwrap()
    }
}

#[test]
fn each_kind_of_it_has_its_error_and_loses_nothing() {
    let whole = Shop::new();
    whole.mend();
    assert_eq!(whole.run(), (Some(0), String::new()));
    let all = whole.delivered();
    for case in CASES {
        let name = case.name;
        let shop = Shop::new();
        assert_eq!(shop.run(), (Some(0), String::new()), "{name}");
        let before = shop.delivered();
        assert!(!before.is_empty() && before.len() < all.len(), "{name}");

        (case.damage)(&shop);
        let (exit, error) = shop.run();
        assert_eq!(exit, Some(case.exit), "{name}: {error}");
        golden::check(Path::new(&format!("tests/golden/cli/garbage/{name}.err")), &error);
        let met = shop.delivered();
        assert!(all.starts_with(&met) && met.starts_with(&before), "{name}: something is lost");
        assert_eq!(met.len() > before.len(), case.some_delivered, "{name}");

        shop.mend();
        assert_eq!(shop.run(), (Some(0), String::new()), "{name}");
        assert!(shop.delivered() == all, "{name}: something is lost, repeated or out of order");
    }
}

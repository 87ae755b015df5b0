//! The plugins that the tests run, built once a process.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tidemill::plugin::{Loaded, Sandbox, Spec, load_in};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The folder with the stock plugins as modules, which are the guests' neighbours.
pub(super) fn folder() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(benches::guests::build)
}

/// The file of a guest.
pub(super) fn file(name: &str) -> PathBuf {
    let beside = folder().join(format!("{name}.wasm"));
    if beside.is_file() { beside } else { folder().join(format!("examples/{name}.wasm")) }
}

/// The sandbox that most tests share.
pub(super) fn sandbox() -> &'static Arc<Sandbox> {
    static SANDBOX: OnceLock<Arc<Sandbox>> = OnceLock::new();
    SANDBOX.get_or_init(|| {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
        Arc::new(Sandbox::new(Some(&cache)).unwrap())
    })
}

/// What a pipeline file would say of a guest.
pub(super) fn spec(name: &str, settings: &str) -> Spec {
    let file = file(name).display().to_string();
    Spec { settings: settings.to_owned(), ..Spec::new(&file) }
}

/// A guest, in the shared sandbox.
pub(super) fn load(spec: &Spec) -> Loaded {
    load_in(sandbox(), spec).unwrap()
}

/// The liar as a component. It speaks the ABI by hand, so that nothing described it yet.
pub(super) fn liar() -> &'static Path {
    static LIAR: OnceLock<PathBuf> = OnceLock::new();
    LIAR.get_or_init(|| {
        let wit = "
            package tidemill:test;
            world test {
                export tidemill:plugin/lifecycle@0.1.0;
                export tidemill:plugin/transform@0.1.0;
                export tidemill:plugin/serializer@0.1.0;
            }
        ";
        let module = describe(std::fs::read(file("liar")).unwrap(), wit);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("liar.wasm");
        std::fs::write(&path, module).unwrap();
        path
    })
}

/// Embeds into a core module that it is of the world `test` of this WIT text.
pub(super) fn describe(mut module: Vec<u8>, wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("wit")).unwrap();
    let package = resolve.push_str("test.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("test")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

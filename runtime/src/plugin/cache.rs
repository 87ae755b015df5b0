//! Compiled components on disk, so that a start does not compile again.
//!
//! An entry is native code that the process will run. Hence the folder is one that only the
//! process's own user can write, and each entry begins with the hash of the rest: a torn or rotten
//! entry is compiled anew. Its name is a hash of all that the code depends on, so that an entry of
//! another component, engine version or setting is never found.

use std::fs::{self, DirBuilder, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::{Error, Kind, Result};

/// Entries that are kept; the oldest go first.
const ENTRIES_MAX: usize = 64;
const HASH_LEN: usize = 32;
const GROUP_OR_OTHERS_WRITE: u32 = 0o022;

/// `$XDG_CACHE_HOME/tidemill/compiled`, or the same under `~/.cache`.
pub(super) fn default_folder() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(caches.join("tidemill/compiled"))
}

/// A folder of compiled components.
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens the folder and makes it where it does not exist.
    ///
    /// # Errors
    /// When it cannot be made, or when somebody else could write to it.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let refused = |what| {
            Error::new(Kind::Plugin, "plugin-cache", what)
                .with("folder", folder.display())
                .hint("give the folder to the user that runs tidemill, with mode 0700")
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|e| refused("the cache folder cannot be made").caused_by(e))?;
        let cache = Self { folder: folder.to_owned() };
        let about = fs::symlink_metadata(folder)
            .map_err(|e| refused("the cache folder cannot be read").caused_by(e))?;
        if !about.is_dir() || about.mode() & GROUP_OR_OTHERS_WRITE != 0 {
            return Err(refused("others may write to the cache folder"));
        }
        // A file that we make is ours: whoever owns the folder must be the same.
        let owner = cache
            .owner()
            .map_err(|e| refused("the cache folder cannot be written").caused_by(e))?;
        if owner != about.uid() {
            return Err(refused("the cache folder belongs to somebody else"));
        }
        Ok(cache)
    }

    fn owner(&self) -> io::Result<u32> {
        let (path, file) = self.temporary("owner")?;
        let owner = file.metadata()?.uid();
        fs::remove_file(path)?;
        Ok(owner)
    }

    /// The entry for `component`, when there is a sound one.
    pub(super) fn find(&self, engine: &Engine, component: &[u8]) -> Option<Component> {
        let path = self.entry(engine, component);
        let entry = fs::read(&path).ok()?;
        let (hash, code) = entry.split_first_chunk::<HASH_LEN>()?;
        if *hash != *Sha256::digest(code) {
            tracing::warn!(entry = %path.display(), "a damaged cache entry is compiled anew");
            return None;
        }
        deserialize(engine, code)
            .inspect_err(|error| tracing::warn!(%error, "a cache entry is compiled anew"))
            .ok()
    }

    /// Keeps the code of `component`. What goes wrong only costs the next start time.
    pub(super) fn keep(&self, engine: &Engine, component: &[u8], compiled: &Component) {
        let kept = compiled.serialize().map_err(io::Error::other).and_then(|code| {
            self.write(&self.entry(engine, component), &code)?;
            self.prune()
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "a compiled plugin could not be cached");
        }
    }

    fn write(&self, entry: &Path, code: &[u8]) -> io::Result<()> {
        let (path, mut file) = self.temporary("entry")?;
        let written = file
            .write_all(&Sha256::digest(code))
            .and_then(|()| file.write_all(code))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&path, entry));
        written.inspect_err(|_| drop(fs::remove_file(&path)))
    }

    /// A file of this process and thread alone, to be renamed or removed.
    fn temporary(&self, what: &str) -> io::Result<(PathBuf, File)> {
        let (process, thread) = (std::process::id(), std::thread::current().id());
        let path = self.folder.join(format!("{what}-{process}-{thread:?}.tmp"));
        let file = File::create(&path)?;
        Ok((path, file))
    }

    fn prune(&self) -> io::Result<()> {
        let mut entries: Vec<(SystemTime, PathBuf)> = fs::read_dir(&self.folder)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
            })
            .collect();
        entries.sort();
        let surplus = entries.len().saturating_sub(ENTRIES_MAX);
        for (_, path) in &entries[..surplus] {
            fs::remove_file(path)?;
        }
        Ok(())
    }

    fn entry(&self, engine: &Engine, component: &[u8]) -> PathBuf {
        let mut key = Key(Sha256::new());
        // Of the engine's version, its settings and the machine it compiles for.
        engine.precompile_compatibility_hash().hash(&mut key);
        component.hash(&mut key);
        self.folder.join(format!("{}.cwasm", hex(&key.0.finalize())))
    }
}

/// Feeds SHA-256 with what implements `Hash`.
struct Key(Sha256);

impl Hasher for Key {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the digest is taken from the field")
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[allow(unsafe_code, reason = "the one way to load compiled code; the entry was checked above")]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: these bytes are what `Component::serialize` answered for an engine of the same
    // version and settings: `find` took them from a folder that only this user can write, under
    // a name that is a hash of all these, and compared them with the hash written with them. They
    // are in memory, so that nobody can change them any more.
    unsafe { Component::deserialize(engine, code) }
}

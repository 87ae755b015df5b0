//! The WebAssembly engine, which all components of the process share.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{
    Config, Engine, EngineWeak, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
};

use super::bindings::AnyPlugin;
use super::cache::{self, Cache};
use super::host::Host;
use crate::error::{Error, Kind, Result};

/// How often the clock of the deadlines ticks.
pub(super) const TICK_MS: u64 = 10;

/// Native stack that a component may use; the threads that run it have 2 MiB.
const STACK_BYTES_MAX: usize = 512 * 1024;

/// Instances that may live at the same time. Each reserves 4 GiB of address space, and no memory.
const INSTANCES_MAX: u32 = 1024;
/// A component made of a core module has up to three core instances and two tables.
const CORE_INSTANCES_MAX: u32 = 4 * INSTANCES_MAX;
const TABLES_MAX: u32 = 2 * INSTANCES_MAX;
/// Interpreters of scripting languages come with tables of that size.
const TABLE_ELEMENTS_MAX: usize = 65_536;

/// Where components run: engine, clock, and the cache of compiled code.
pub struct Sandbox {
    pub(super) engine: Engine,
    pub(super) linker: Linker<Host>,
    pub(super) cache: Option<Cache>,
}

impl Sandbox {
    /// The sandbox of the process. It ends with the last plugin that runs in it.
    ///
    /// # Errors
    /// When the engine cannot be made on this machine.
    pub fn shared() -> Result<Arc<Self>> {
        static SHARED: Mutex<Weak<Sandbox>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sandbox) = shared.upgrade() {
            return Ok(sandbox);
        }
        let sandbox = Arc::new(Self::new(cache::default_folder().as_deref())?);
        *shared = Arc::downgrade(&sandbox);
        Ok(sandbox)
    }

    /// A sandbox of its own, which keeps compiled code in this folder, or nowhere.
    ///
    /// # Errors
    /// When the engine cannot be made on this machine.
    pub fn new(cache: Option<&Path>) -> Result<Self> {
        let engine = engine().map_err(unsupported)?;
        tick(engine.weak())?;
        let mut linker = Linker::new(&engine);
        AnyPlugin::add_to_linker::<_, HasSelf<Host>>(&mut linker, |host| host)
            .map_err(unsupported)?;
        // Without a cache everything works, only the start is slower.
        let cache = cache.and_then(|folder| {
            Cache::open(folder)
                .inspect_err(|error| tracing::warn!(%error, "compiled plugins are not cached"))
                .ok()
        });
        Ok(Self { engine, linker, cache })
    }

    /// How many instances of components live. Nothing where the machine has no room for the pool.
    #[must_use]
    pub fn instances(&self) -> Option<u64> {
        self.engine.pooling_allocator_metrics().map(|metrics| metrics.component_instances())
    }
}

fn unsupported(error: wasmtime::Error) -> Error {
    Error::new(Kind::Plugin, "plugin-engine", "the WebAssembly engine cannot be made")
        .caused_by(error.into_boxed_dyn_error())
        .hint("WebAssembly needs executable memory and some address space: check `ulimit -v`")
}

/// The engine over its pool of instances; where the pool cannot be reserved (a limited address
/// space), over memory that is allocated as it is needed, which is slower.
fn engine() -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES_MAX)
        .total_core_instances(CORE_INSTANCES_MAX)
        .total_memories(INSTANCES_MAX)
        .total_tables(TABLES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(0)
        .table_keep_resident(0);
    let mut pooling = settings();
    pooling.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&pooling).or_else(|error| {
        tracing::warn!(%error, "no address space for a pool of plugin instances");
        let mut small = settings();
        small
            .allocation_strategy(InstanceAllocationStrategy::OnDemand)
            .memory_reservation(0)
            .memory_guard_size(0)
            .memory_reservation_for_growth(1 << 20)
            .memory_may_move(true);
        Engine::new(&small)
    })
}

fn settings() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // On, it makes each call three times as dear, and plugins have no use for it.
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        .cranelift_opt_level(OptLevel::Speed)
        // A log replays to the same bytes on every machine.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true);
    config
}

/// Drives the clock of the deadlines until the engine is gone.
fn tick(engine: EngineWeak) -> Result<()> {
    let ticker = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(Duration::from_millis(TICK_MS));
        }
    };
    std::thread::Builder::new().name("plugin-clock".into()).spawn(ticker).map(drop).map_err(|e| {
        Error::new(Kind::Plugin, "plugin-engine", "the clock of the plugins cannot be started")
            .caused_by(e)
    })
}

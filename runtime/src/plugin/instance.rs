//! A component that runs: one store and one instance, made again after a trap.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tidemill_plugin::{Outcome, Plan};
use tidemill_rows::Schema;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use super::bindings::{self, planner, serializer, transform};
use super::component::Code;
use super::host::{Host, OverMemory};
use super::{Fault, Limits, Plugin, answer};

/// One instance of a component.
pub(super) struct Instance {
    plugin: Arc<str>,
    code: Arc<Code>,
    settings: Arc<str>,
    limits: Limits,
    memory_bytes_all: Arc<AtomicU64>,
    /// Nothing before the first call, and after one that went wrong: a trap poisons its store.
    live: Option<Live>,
}

struct Live {
    store: Store<Host>,
    guest: Guest,
}

struct Guest {
    planner: Option<planner::Guest>,
    transform: Option<transform::Guest>,
    serializer: Option<serializer::Guest>,
}

/// What a call of the guest answers: its own error inside, what the engine says of it outside.
type Answer<T> = wasmtime::Result<Result<T, Fault>>;

impl Instance {
    /// Instantiates the component and configures it.
    pub(super) fn new(
        plugin: Arc<str>,
        code: Arc<Code>,
        settings: Arc<str>,
        limits: Limits,
        memory_bytes_all: Arc<AtomicU64>,
    ) -> Result<Self, Fault> {
        let mut instance = Self { plugin, code, settings, limits, memory_bytes_all, live: None };
        instance.live = Some(instance.instantiate()?);
        Ok(instance)
    }

    fn instantiate(&self) -> Result<Live, Fault> {
        let memory_max = self.limits.memory_bytes();
        let host = Host::new(self.plugin.clone(), memory_max, self.memory_bytes_all.clone());
        let mut store = Store::new(&self.code.sandbox.engine, host);
        store.limiter(|host| host);
        // The engine copies what a guest answers before the host sees how long it is. No answer
        // can be longer than the guest's memory; the limit of the output is checked after that.
        store.set_hostcall_fuel(usize::try_from(memory_max).unwrap_or(usize::MAX));
        store.set_epoch_deadline(self.limits.ticks());
        match self.start(&mut store) {
            Ok(guest) => Ok(Live { guest: guest?, store }),
            Err(error) => Err(self.fault(&error, store.data_mut())),
        }
    }

    fn start(&self, store: &mut Store<Host>) -> Answer<Guest> {
        let code = &*self.code;
        let instance = code.pre.instantiate(&mut *store)?;
        let lifecycle = code.lifecycle.load(&mut *store, &instance)?;
        let mut guest = Guest { planner: None, transform: None, serializer: None };
        if let Some(indices) = &code.planner {
            guest.planner = Some(indices.load(&mut *store, &instance)?);
        }
        if let Some(indices) = &code.transform {
            guest.transform = Some(indices.load(&mut *store, &instance)?);
        }
        if let Some(indices) = &code.serializer {
            guest.serializer = Some(indices.load(&mut *store, &instance)?);
        }
        let configured = lifecycle.call_configure(&mut *store, &self.settings)?;
        Ok(configured.map(|()| guest).map_err(Fault::from))
    }

    /// Calls the guest, in a new instance if the last one was lost.
    fn call<T>(
        &mut self,
        call: impl FnOnce(&mut Store<Host>, &Guest) -> Answer<T>,
    ) -> Result<T, Fault> {
        let mut live = match self.live.take() {
            Some(live) => live,
            None => self.instantiate()?,
        };
        live.store.data_mut().begin();
        live.store.set_epoch_deadline(self.limits.ticks());
        match call(&mut live.store, &live.guest) {
            Ok(answer) => {
                self.live = Some(live);
                answer
            }
            Err(error) => Err(self.fault(&error, live.store.data_mut())),
        }
    }

    /// Keeps the instance if what it answered is right, else the next call gets a new one.
    fn checked<T>(&mut self, checked: Result<T, Fault>) -> Result<T, Fault> {
        checked.inspect_err(|_| self.live = None)
    }

    /// What a frame may not be larger than to go in: it has to fit into the guest's memory.
    fn fits(&self, frame: &[u8]) -> Result<(), Fault> {
        let max = self.limits.memory_bytes();
        if frame.len() as u64 > max { Err(Fault::TooLarge(max)) } else { Ok(()) }
    }

    /// Gives what the engine reports its name.
    fn fault(&self, error: &wasmtime::Error, host: &mut Host) -> Fault {
        if error.is::<OverMemory>() {
            return Fault::Memory(self.limits.memory_bytes());
        }
        if let Some(full) = error.downcast_ref::<PoolConcurrencyLimitError>() {
            return Fault::Retryable(format!("there is no room for another instance: {full}"));
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Fault::Deadline(self.limits.call_ms),
            Some(Trap::StackOverflow) => Fault::Stack,
            Some(Trap::UnreachableCodeReached) => match host.last_words() {
                Some(words) => Fault::Panic(words),
                None => Fault::Trap(Trap::UnreachableCodeReached.to_string()),
            },
            Some(trap) => Fault::Trap(trap.to_string()),
            // The call came back, but what it answered does not fit the interface.
            None => Fault::Invalid(error.root_cause().to_string()),
        }
    }
}

impl Plugin for Instance {
    fn plan(&mut self, schema: &Schema) -> Result<Plan, Fault> {
        let plan = self.call(|store, guest| match &guest.planner {
            Some(planner) => {
                let answer =
                    bindings::with_schema(schema, |schema| planner.call_plan(store, schema))?;
                Ok(answer.map_err(Fault::from))
            }
            None => Ok(Err(Fault::no_export("planner"))),
        })?;
        let plan = bindings::plan(plan);
        let checked = answer::plan(schema, &plan);
        self.checked(checked)?;
        Ok(plan)
    }

    fn transform(&mut self, frame: &[u8], out: &mut Vec<u8>) -> Result<Outcome, Fault> {
        self.fits(frame)?;
        let outcome = self.call(|store, guest| match &guest.transform {
            Some(transform) => Ok(transform.call_transform(store, frame)?.map_err(Fault::from)),
            None => Ok(Err(Fault::no_export("transform"))),
        })?;
        let outcome = match outcome {
            transform::Outcome::Unchanged => return Ok(Outcome::Unchanged),
            transform::Outcome::Keep(mask) => {
                *out = mask;
                Outcome::Keep
            }
            transform::Outcome::Replaced(frame) => {
                *out = frame;
                Outcome::Replaced
            }
        };
        let short = self.limits.check_output(out);
        let checked = short.and_then(|()| answer::transform(frame, outcome, out));
        self.checked(checked)?;
        Ok(outcome)
    }

    fn serialize(&mut self, frame: &[u8], changes: u32, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.fits(frame)?;
        *out = self.call(|store, guest| match &guest.serializer {
            Some(serializer) => Ok(serializer.call_serialize(store, frame)?.map_err(Fault::from)),
            None => Ok(Err(Fault::no_export("serializer"))),
        })?;
        let short = self.limits.check_output(out);
        let checked = short.and_then(|()| answer::messages(frame, changes, out));
        self.checked(checked)
    }
}

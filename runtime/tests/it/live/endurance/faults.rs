//! What goes wrong, one after the other, each kind as often as the others.

use std::fmt;
use std::time::Duration;

use super::writer::Shared;
use crate::live::program::Program;
use crate::support::random::Random;
use crate::support::relay::{Flow, Relay};

type Fault = fn(&mut Faults<'_>, &mut Random, &mut Program, &mut dyn FnMut(u64));

/// The kinds, by their names.
const KINDS: [(&str, Fault); 9] = [
    ("the program is killed", |_, _, program, _| program.kill_and_start_again()),
    ("it is killed again as soon as it starts", |_, random, program, wait| {
        program.kill_and_start_again();
        wait(random.below(5));
        program.kill_and_start_again();
    }),
    ("the server is killed", |faults, _, _, _| faults.kill_server()),
    ("both are killed", |faults, _, program, _| {
        faults.kill_server();
        program.kill_and_start_again();
    }),
    ("connections are cut", |faults, _, _, _| faults.relay.cut()),
    ("connections are cut within an event", |faults, random, _, wait| {
        faults.relay.cut_after(1 + random.below(100_000));
        wait(random.below(50));
    }),
    ("connections are refused", |faults, random, _, wait| {
        faults.relay.refuse(true);
        faults.relay.cut();
        wait(random.below(50));
        faults.relay.refuse(false);
    }),
    ("the network is slow", |faults, random, program, wait| {
        let slow = [
            Flow::Delayed(Duration::from_millis(30)),
            Flow::Pieces(1_000, Duration::from_millis(1)),
        ];
        faults.relay.set(*random.pick(&slow));
        wait(random.below(100));
        if random.once_in(2) {
            program.kill_and_start_again();
        }
        faults.relay.set(Flow::Free);
    }),
    ("the network is silent", |faults, _, program, wait| {
        let before = faults.relay.accepted();
        faults.relay.set(Flow::Frozen);
        // It notices, and connects anew.
        while faults.relay.accepted() == before {
            program.must_run();
            wait(1);
        }
        faults.relay.set(Flow::Free);
    }),
];

pub(super) struct Faults<'s> {
    shared: &'s Shared<'s>,
    relay: &'s Relay,
    /// How often there was each kind.
    counts: [usize; KINDS.len()],
}

impl<'s> Faults<'s> {
    pub(super) fn new(shared: &'s Shared<'s>, relay: &'s Relay) -> Self {
        Self { shared, relay, counts: [0; KINDS.len()] }
    }

    pub(super) fn count(&self) -> usize {
        self.counts.iter().sum()
    }

    /// One of those that were least often; `wait` waits for so many steps.
    pub(super) fn next(
        &mut self,
        random: &mut Random,
        program: &mut Program,
        wait: &mut dyn FnMut(u64),
    ) {
        let least = self.counts.iter().min().copied().unwrap_or(0);
        let rare: Vec<_> = (0..KINDS.len()).filter(|kind| self.counts[*kind] == least).collect();
        let kind = *random.pick(&rare);
        self.counts[kind] += 1;
        program.must_run();
        (KINDS[kind].1)(self, random, program, wait);
    }

    fn kill_server(&self) {
        let _down = self.shared.down.write().unwrap();
        self.shared.server.kill();
        self.shared.server.start_again();
    }
}

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} faults", self.count())?;
        for ((name, _), count) in KINDS.iter().zip(self.counts) {
            write!(f, "; {count} x {name}")?;
        }
        Ok(())
    }
}

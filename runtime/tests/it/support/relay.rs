//! A TCP relay that stands before a server and does to connections what networks do.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::program::Program;
use super::random::Random;

const BLOCK_BYTES: usize = 64 << 10;

/// How bytes pass, in both directions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Flow {
    /// As fast as they can.
    Free,
    /// At most so many at a time, and then none for a while.
    Pieces(usize, Duration),
    /// So much later.
    Delayed(Duration),
    /// Not at all, and nobody is told: a peer that vanished.
    Frozen,
}

/// A relay. Dropping it cuts all its connections.
pub(crate) struct Relay {
    listens: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    server_bytes: AtomicU64,
}

struct State {
    server: u16,
    flow: Flow,
    /// Accept connections, and end them at once.
    refusing: bool,
    /// Cut when the server has sent so many bytes more.
    cut_after: Option<u64>,
    /// Both ends of each connection, by its number.
    open: Vec<(u64, [TcpStream; 2])>,
    /// How often all connections have been cut.
    cuts: u64,
    accepted: u64,
    ended: bool,
}

impl Relay {
    /// Does something to connections that is not good for them, for a while, and lets them be for
    /// as long. The program has to bear it.
    pub(crate) fn misbehave(&self, random: &mut Random, program: &mut Program) {
        let time = Duration::from_millis(random.below(400));
        match random.below(5) {
            0 => self.cut(),
            1 => self.cut_after(random.below(3000)),
            2 => self.set(Flow::Frozen),
            3 => self.set(Flow::Delayed(Duration::from_millis(20))),
            _ => {
                self.cut();
                self.refuse(true);
            }
        }
        program.run_for(time);
        if random.once_in(2) {
            self.cut();
        }
        self.set(Flow::Free);
        self.refuse(false);
        program.run_for(time);
    }

    /// A relay before what listens at this port of 127.0.0.1.
    pub(crate) fn start(server: u16) -> Self {
        Self::start_on("127.0.0.1", 0, server)
    }

    /// The same at another address of this machine.
    pub(crate) fn start_on(address: &str, port: u16, server: u16) -> Self {
        let listener = TcpListener::bind((address, port)).unwrap();
        let listens = listener.local_addr().unwrap();
        let state = State {
            server,
            flow: Flow::Free,
            refusing: false,
            cut_after: None,
            open: Vec::new(),
            cuts: 0,
            accepted: 0,
            ended: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            server_bytes: AtomicU64::new(0),
        });
        let accepting = shared.clone();
        thread::spawn(move || accepting.accept(&listener));
        Self { listens, shared }
    }

    /// The port at which it listens.
    pub(crate) fn port(&self) -> u16 {
        self.listens.port()
    }

    /// Changes how bytes pass from now on, in the open connections too.
    pub(crate) fn set(&self, flow: Flow) {
        self.shared.change(|state| state.flow = flow);
    }

    /// Whether connections are ended as soon as they are made; those that are open stay.
    pub(crate) fn refuse(&self, refusing: bool) {
        self.shared.change(|state| state.refusing = refusing);
    }

    /// Sends new connections to another port.
    pub(crate) fn turn_to(&self, server: u16) {
        self.shared.change(|state| state.server = server);
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.shared.change(State::cut);
    }

    /// Ends all connections when the server has sent so many bytes more, to the byte.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.shared.change(|state| state.cut_after = Some(bytes));
    }

    /// How many connections there have been.
    pub(crate) fn accepted(&self) -> u64 {
        self.shared.lock().accepted
    }

    /// How many bytes the server has sent.
    pub(crate) fn server_bytes(&self) -> u64 {
        self.shared.server_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.change(|state| {
            state.ended = true;
            state.cut();
        });
        // The thread that accepts looks up.
        let _ = TcpStream::connect(self.listens);
    }
}

impl State {
    fn cut(&mut self) {
        self.cuts += 1;
        self.cut_after = None;
        for stream in self.open.drain(..).flat_map(|(_, streams)| streams) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            let mut state = self.lock();
            if state.ended {
                return;
            }
            state.accepted += 1;
            let server = match TcpStream::connect(("127.0.0.1", state.server)) {
                Ok(server) if !state.refusing => server,
                // Dropped, the client's connection ends.
                _ => continue,
            };
            let client = client.unwrap();
            for stream in [&client, &server] {
                stream.set_nodelay(true).unwrap();
            }
            let twin = |stream: &TcpStream| stream.try_clone().unwrap();
            let number = state.accepted;
            state.open.push((number, [twin(&client), twin(&server)]));
            for (from, to, is_server) in
                [(twin(&client), twin(&server), false), (twin(&server), twin(&client), true)]
            {
                let (shared, cuts) = (self.clone(), state.cuts);
                thread::spawn(move || {
                    // An end that goes away ends the connection, as without a relay.
                    let _ = shared.pump(&from, &to, is_server, cuts);
                    let _ = from.shutdown(Shutdown::Both);
                    let _ = to.shutdown(Shutdown::Both);
                    // While somebody holds it, an end is not told that it sends in vain.
                    shared.change(|state| state.open.retain(|(other, _)| *other != number));
                });
            }
        }
    }

    /// Moves bytes until an end goes away or the connections are cut.
    fn pump(
        &self,
        mut from: &TcpStream,
        mut to: &TcpStream,
        is_server: bool,
        cuts: u64,
    ) -> std::io::Result<()> {
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let count = from.read(&mut block)?;
            if count == 0 {
                return Ok(());
            }
            let mut rest = &block[..count];
            while !rest.is_empty() {
                let Some(pass) = self.pass(rest.len(), cuts) else { return Ok(()) };
                let pass = if is_server { self.last_of(pass) } else { pass };
                let (now, later) = rest.split_at(pass);
                // Counted first, so that who has received them finds them counted.
                let counted = if is_server { now.len() as u64 } else { 0 };
                self.server_bytes.fetch_add(counted, Ordering::Relaxed);
                to.write_all(now)?;
                rest = later;
                self.cut_behind(counted, cuts);
            }
        }
    }

    /// Waits until some of so many bytes may pass, and answers how many; `None` after a cut.
    fn pass(&self, count: usize, cuts: u64) -> Option<usize> {
        let began = Instant::now();
        let mut state = self.lock();
        loop {
            if state.cuts != cuts {
                return None;
            }
            let (pass, wait) = match state.flow {
                Flow::Free => (count, Duration::ZERO),
                Flow::Pieces(size, pause) => (count.min(size), pause),
                Flow::Delayed(delay) => (count, delay),
                Flow::Frozen => {
                    state = self.changed.wait(state).unwrap();
                    continue;
                }
            };
            match wait.checked_sub(began.elapsed()) {
                None | Some(Duration::ZERO) => return Some(pass),
                Some(left) => state = self.changed.wait_timeout(state, left).unwrap().0,
            }
        }
    }

    /// So many bytes, or fewer if the connections are to be cut behind them.
    fn last_of(&self, count: usize) -> usize {
        match self.lock().cut_after {
            Some(left) => count.min(usize::try_from(left).unwrap_or(usize::MAX)),
            None => count,
        }
    }

    /// Cuts, if that is due now that the server has sent so many bytes more.
    fn cut_behind(&self, count: u64, cuts: u64) {
        let mut state = self.lock();
        if state.cuts != cuts {
            // What went through a connection that is cut by now counts for none behind it.
            return;
        }
        if let Some(left) = &mut state.cut_after {
            *left = left.saturating_sub(count);
            if *left == 0 {
                state.cut();
                self.changed.notify_all();
            }
        }
    }
}

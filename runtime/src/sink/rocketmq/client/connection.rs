use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, split};
use tokio::net::TcpStream;
use tokio::sync::{Mutex as Turn, oneshot};
use tokio::task::AbortHandle;

use super::super::refusal;
use super::frame::{ANSWER_BYTES_MAX, Answer, LENGTH_LEN, Request};
use super::signature::Credentials;
use crate::error::Result;
use crate::tls::Encryption;

/// How connections are made.
#[derive(Debug)]
pub(in super::super) struct Connector {
    pub(in super::super) credentials: Option<Arc<Credentials>>,
    pub(in super::super) encryption: Option<Encryption>,
}

type Outgoing = Box<dyn AsyncWrite + Send + Unpin>;
type Incoming = Box<dyn AsyncRead + Send + Unpin>;

impl Connector {
    /// Connects to `host:port`.
    pub(super) async fn connect(&self, server: &str) -> Result<Connection> {
        let stream = TcpStream::connect(server).await;
        let stream = stream.map_err(|error| refusal::disconnected(server, error))?;
        // A request is written at once, and nothing follows it that it could wait for.
        stream.set_nodelay(true).map_err(|error| refusal::disconnected(server, error))?;
        let credentials = self.credentials.clone();
        let Some(encryption) = &self.encryption else {
            let (incoming, outgoing) = stream.into_split();
            return Ok(Connection::new(Box::new(incoming), Box::new(outgoing), credentials));
        };
        let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
        let stream = encryption.start(stream, host).await;
        let stream = stream.map_err(|fault| refusal::of_tls(fault).with("server", server))?;
        let (incoming, outgoing) = split(stream);
        Ok(Connection::new(Box::new(incoming), Box::new(outgoing), credentials))
    }
}

/// A connection to a server, on which requests may overlap.
pub(super) struct Connection {
    outgoing: Turn<Outgoing>,
    waiting: Arc<Waiting>,
    opaque: AtomicI32,
    reading: AbortHandle,
    credentials: Option<Arc<Credentials>>,
}

/// Who waits for an answer, by the number of the request; none once nothing comes any more.
struct Waiting(Mutex<Option<HashMap<i32, oneshot::Sender<Answer>>>>);

impl Connection {
    fn new(incoming: Incoming, outgoing: Outgoing, credentials: Option<Arc<Credentials>>) -> Self {
        let waiting = Arc::new(Waiting(Mutex::new(Some(HashMap::new()))));
        let answered = waiting.clone();
        let reading = tokio::spawn(async move {
            // Whoever waits is told by its sender being gone, and asks another time.
            if let Err(error) = read(incoming, &answered).await {
                tracing::debug!("rocketmq: a connection ends: {error}");
            }
            answered.end();
        });
        Self {
            outgoing: Turn::new(outgoing),
            waiting,
            opaque: AtomicI32::new(0),
            reading: reading.abort_handle(),
            credentials,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.waiting.lock().is_none()
    }

    /// Nobody hears of this connection any more.
    pub(super) fn close(&self) {
        self.reading.abort();
        self.waiting.end();
    }

    /// Sends a request, and waits for its answer. Who does not wait to the end closes the
    /// connection: a part of the request may have been sent.
    pub(super) async fn ask(&self, request: &Request<'_>) -> io::Result<Answer> {
        let opaque = self.opaque.fetch_add(1, Ordering::Relaxed);
        let answer = self.waiting.add(opaque).ok_or_else(closed)?;
        let head = request.head(opaque, self.credentials.as_deref());
        let mut outgoing = self.outgoing.lock().await;
        outgoing.write_all(&head).await?;
        outgoing.write_all(request.body()).await?;
        outgoing.flush().await?;
        drop(outgoing);
        answer.await.map_err(|_| closed())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

impl Waiting {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<HashMap<i32, oneshot::Sender<Answer>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, opaque: i32) -> Option<oneshot::Receiver<Answer>> {
        let (sender, answer) = oneshot::channel();
        self.lock().as_mut()?.insert(opaque, sender);
        Some(answer)
    }

    fn answered(&self, opaque: i32, answer: Answer) {
        let asked = self.lock().as_mut().and_then(|waiting| waiting.remove(&opaque));
        // Nobody waits for an answer that comes too late.
        asked.map(|asked| asked.send(answer));
    }

    fn end(&self) {
        *self.lock() = None;
    }
}

async fn read(incoming: Incoming, waiting: &Waiting) -> io::Result<()> {
    let mut incoming = BufReader::new(incoming);
    loop {
        let mut length = [0; LENGTH_LEN];
        incoming.read_exact(&mut length).await?;
        let length = u32::from_be_bytes(length) as usize;
        if length > ANSWER_BYTES_MAX {
            let what = format!("an answer of {length} bytes is announced");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let mut bytes = vec![0; length];
        incoming.read_exact(&mut bytes).await?;
        if let Some((opaque, answer)) = Answer::read(bytes)? {
            waiting.answered(opaque, answer);
        }
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the server has closed the connection")
}

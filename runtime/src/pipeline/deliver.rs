//! Delivery: batches in order into the sink, and from time to time a request to settle them.
//!
//! What is settled is whole transactions. A transaction in parts begins when all before it is
//! settled, so no flush ever covers a part of one: [`Writer::settle`] flushes only while a position
//! is the last thing that was written. What is left of a transaction at the end is not flushed at
//! all; it comes again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Limits;
use super::order::Order;
use super::phase::{Phase, Watch};
use super::progress::{Progress, Written};
use super::settle::{Answer, Mark, Request};
use super::worker::{Made, Pool};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::metrics::Meters;
use crate::policy::Attempts;
use crate::sink::Sink;

pub(super) struct Deliver {
    pub(super) made: InOrder,
    pub(super) writer: Writer,
    pub(super) phase: Watch,
}

impl Deliver {
    /// Writes until there is no more or a batch could not be made; everything before that is
    /// settled then.
    pub(super) async fn run(self) -> Result<()> {
        let Self { mut made, mut writer, mut phase } = self;
        tokio::select! {
            biased;
            () = phase.reached(Phase::Abort) => Ok(()),
            done = async {
                let written = writer.write_all(&mut made).await?;
                // Where it ends early, settling has met an error, which the supervisor has.
                writer.settle_all().await;
                written
            } => done,
        }
    }
}

/// What workers made, in the order of tickets.
pub(super) struct InOrder {
    pub(super) results: mpsc::Receiver<(u64, Result<Made>)>,
    pub(super) order: Order<Result<Made>>,
}

impl InOrder {
    /// The next one; `None` when there will be no more. Loses nothing when it is dropped.
    async fn next(&mut self) -> Option<Result<Made>> {
        loop {
            if let Some(next) = self.order.pop() {
                return Some(next);
            }
            let (ticket, made) = self.results.recv().await?;
            self.order.push(ticket, made);
        }
    }

    fn complete(&self) -> Result<()> {
        if self.order.is_empty() {
            return Ok(());
        }
        Err(Error::new(Kind::Bug, "ticket-missing", "a batch is missing in the order of tickets"))
    }
}

/// Writes batches and keeps account of what is to be settled.
pub(super) struct Writer {
    pub(super) sink: Box<dyn Sink>,
    pub(super) pool: Arc<Pool>,
    pub(super) settling: Settling,
    pub(super) limits: Limits,
    pub(super) meters: Meters,
    pub(super) progress: Progress,
}

/// A sink may have to stand still while it settles. After so many bytes, of which there are more to
/// come, the next settling begins no sooner than so many times what the last one took, counted from
/// its end, but then at the latest. What is less waits for nothing: it is soon to be seen.
const MUCH_BYTES: usize = 1 << 20;
const PAUSE_TIMES: u32 = 9;
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// What was written and is not settled.
pub(super) struct Settling {
    requests: mpsc::Sender<Request>,
    answers: mpsc::Receiver<Answer>,
    /// What the settling under way is to settle.
    under_way: Option<UnderWay>,
    /// The newest position that was written, if no request covers it.
    unsettled: Option<Mark>,
    unsettled_bytes: usize,
    /// When to settle what is unsettled.
    due: Option<Instant>,
    /// When the next settling may begin, unless it cannot wait.
    not_before: Option<Instant>,
    /// Until when to wait after a settling that failed.
    back_off: Option<Instant>,
}

struct UnderWay {
    mark: Mark,
    bytes: usize,
    since: Instant,
}

/// What happens next to what is unsettled.
enum Turn {
    /// It is time to settle.
    Due,
    /// The settling under way is over.
    Answered,
    /// Nothing will be settled any more: settling met an error, which the supervisor has.
    Ended,
}

impl Settling {
    pub(super) fn new(requests: mpsc::Sender<Request>, answers: mpsc::Receiver<Answer>) -> Self {
        Self {
            requests,
            answers,
            under_way: None,
            unsettled: None,
            unsettled_bytes: 0,
            due: None,
            not_before: None,
            back_off: None,
        }
    }

    /// Waits for what happens next. Loses nothing when it is dropped.
    async fn turn(&mut self) -> Turn {
        if self.under_way.is_some() {
            return self.answered().await;
        }
        let Some(due) = self.due else { return std::future::pending().await };
        let not_before = self.back_off.max(self.not_before);
        tokio::time::sleep_until(not_before.map_or(due, |not_before| not_before.max(due))).await;
        Turn::Due
    }

    /// Waits for the end of the settling under way.
    async fn answered(&mut self) -> Turn {
        let Some(answer) = self.answers.recv().await else { return Turn::Ended };
        let Some(asked) = self.under_way.take() else { return Turn::Answered };
        let now = Instant::now();
        match answer {
            Answer::Settled => {
                let pause = (asked.since.elapsed() * PAUSE_TIMES).min(PAUSE_MAX);
                self.not_before = (asked.bytes >= MUCH_BYTES).then(|| now + pause);
            }
            Answer::Again(delay) => {
                self.unsettled.get_or_insert(asked.mark);
                self.due.get_or_insert(now);
                self.back_off = Some(now + delay);
            }
        }
        Turn::Answered
    }

    /// Takes account of a batch that was written.
    fn written(&mut self, made: &Made, bytes: usize, limits: &Limits) {
        self.unsettled_bytes = self.unsettled_bytes.saturating_add(bytes);
        let Some(position) = made.batch.position.clone() else { return };
        self.unsettled = Some(Mark { ticket: made.batch.ticket, position });
        let latest = Instant::now() + Duration::from_millis(limits.settle_ms);
        self.due.get_or_insert(latest);
        if self.unsettled_bytes >= limits.settle_bytes {
            self.due = Some(Instant::now());
        }
    }

    /// Asks to settle what is written. Only while nothing is under way, so there is room.
    fn request(&mut self, durable: BoxFuture<'static, Result<()>>, mark: Mark) {
        let bytes = std::mem::take(&mut self.unsettled_bytes);
        self.due = None;
        self.back_off = None;
        self.under_way = Some(UnderWay { mark: mark.clone(), bytes, since: Instant::now() });
        // Where it fails, settling has ended, and the missing answer says so.
        let _ = self.requests.try_send(Request { durable, mark });
    }
}

impl Writer {
    /// Writes until there is no more (`Ok`) or a batch could not be made (its error inside).
    async fn write_all(&mut self, made: &mut InOrder) -> Result<Result<()>> {
        loop {
            tokio::select! {
                biased;
                turn = self.settling.turn() => match turn {
                    Turn::Due => self.settle(),
                    Turn::Answered => {}
                    Turn::Ended => return Ok(Ok(())),
                },
                next = made.next() => match next {
                    Some(Ok(made)) => {
                        let is_part = made.batch.position.is_none();
                        if is_part && matches!(self.settle_all().await, Turn::Ended) {
                            return Ok(Ok(()));
                        }
                        self.write(made).await?;
                    }
                    Some(Err(error)) => return Ok(Err(error)),
                    None => return Ok(made.complete()),
                },
            }
        }
    }

    async fn write(&mut self, made: Made) -> Result<()> {
        let mut bytes = 0;
        if made.for_sink {
            bytes = made.batch.messages.as_ref().unwrap_or(&made.batch.frame).len();
            let mut attempts = Attempts::default();
            while let Err(error) = self.sink.write(&made.batch).await {
                let delay = attempts.failed(error.with("position", &made.start))?;
                self.meters.retried("sink");
                tokio::time::sleep(delay).await;
            }
            self.meters.written(made.messages);
        }
        self.settling.written(&made, bytes, &self.limits);
        self.progress.written(&Written {
            rows: made.rows,
            messages: made.messages,
            bytes,
            log_bytes: made.log_bytes,
            log_bytes_total: made.log_bytes_total,
        });
        self.pool.put(made.batch);
        // The sink has it: it is no longer in flight, and the reader may read on.
        drop(made.share);
        Ok(())
    }

    /// Settles all whole transactions that were written.
    async fn settle_all(&mut self) -> Turn {
        loop {
            if self.settling.under_way.is_some() {
                if let Turn::Ended = self.settling.answered().await {
                    return Turn::Ended;
                }
            } else if self.settling.unsettled.is_some() {
                if let Some(back_off) = self.settling.back_off {
                    tokio::time::sleep_until(back_off).await;
                }
                self.settle();
            } else {
                return Turn::Answered;
            }
        }
    }

    fn settle(&mut self) {
        let Some(mark) = self.settling.unsettled.take() else { return };
        let durable = self.sink.flush(&mark.position);
        self.settling.request(durable, mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn settlings_of_much_take_a_tenth_of_the_time() {
        let cases = [
            (MUCH_BYTES, 2, 18),
            (MUCH_BYTES, 40, 360),
            (MUCH_BYTES, 500, 1000),
            (MUCH_BYTES - 1, 500, 0),
        ];
        for (bytes, took, pause) in cases {
            let (requests, mut asked) = mpsc::channel(1);
            let (answer, answers) = mpsc::channel(1);
            let mut settling = Settling::new(requests, answers);
            let mark = Mark { ticket: 1, position: crate::position::Position::new("1") };
            settling.unsettled_bytes = bytes;
            settling.request(Box::pin(std::future::ready(Ok(()))), mark);
            assert!(asked.recv().await.is_some());
            tokio::time::sleep(Duration::from_millis(took)).await;
            answer.send(Answer::Settled).await.unwrap();
            assert!(matches!(settling.turn().await, Turn::Answered));
            let answered = Instant::now();
            settling.due = Some(answered);
            assert!(matches!(settling.turn().await, Turn::Due));
            let waited = answered.elapsed().as_millis();
            assert_eq!(waited, pause, "after {bytes} bytes in {took} ms");
        }
    }
}

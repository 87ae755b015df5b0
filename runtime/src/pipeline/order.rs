use std::collections::VecDeque;

/// Puts what comes in any order back into the order of tickets, which count from 0: the order of
/// commits, which everything behind this keeps (Invariant 3).
///
/// It holds no more than there is in flight: the gap before the oldest ticket is a batch that a
/// worker still has.
#[derive(Debug)]
pub(super) struct Order<T> {
    next: u64,
    /// The first place is that of ticket `next`.
    waiting: VecDeque<Option<T>>,
}

impl<T> Order<T> {
    pub(super) fn new() -> Self {
        Self { next: 0, waiting: VecDeque::new() }
    }

    /// Takes what has this ticket.
    pub(super) fn push(&mut self, ticket: u64, item: T) {
        let ahead = ticket.checked_sub(self.next).expect("a ticket is given out once");
        let place = usize::try_from(ahead).expect("what is in flight fits into memory");
        if self.waiting.len() <= place {
            self.waiting.resize_with(place + 1, || None);
        }
        self.waiting[place] = Some(item);
    }

    /// True when nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Gives what has the next ticket, if it is there.
    pub(super) fn pop(&mut self) -> Option<T> {
        let item = self.waiting.front_mut()?.take()?;
        self.waiting.pop_front();
        self.next += 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Order;

    proptest! {
        #[test]
        fn any_order_becomes_the_right_one(
            tickets in Just((0..50_u64).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut order = Order::new();
            let mut out = Vec::new();
            for ticket in tickets {
                order.push(ticket, ticket);
                out.extend(std::iter::from_fn(|| order.pop()));
            }
            prop_assert_eq!(out, (0..50).collect::<Vec<_>>());
        }
    }
}

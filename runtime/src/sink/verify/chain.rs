//! What the images of a row tell of its changes.
//!
//! An insert may not follow a row that is there, and what an update or a delete says of the row
//! before it has to be what the change before left. So a change that is missing, comes again or
//! comes late breaks the chain, and these are told apart:
//!
//! * A message that breaks it and came before, byte for byte, is a *duplicate*. So are those behind
//!   it that came before, too, and continue from it: a run that was written again.
//! * Any other one leaves a *gap*, unless what is missing comes later: that one is in *disorder*.
//!
//! With a transaction whose number is lower than that of one before, an unbroken chain is judged,
//! too. What the chain cannot show: a gap before the first or behind the last message of a row, and
//! a row of which changes are missing that cancel each other.

use std::mem::size_of;

use super::Fault;

/// A row as it is, by hashes of names and values of its columns, in the order of the former; none
/// where there is no such row.
pub(super) type Image = Option<Box<[(u32, u32)]>>;

/// What a message says of a row.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) before: Image,
    pub(super) after: Image,
    /// The same message was there before.
    pub(super) known: bool,
    /// Its transaction has a lower number than one before.
    pub(super) back: bool,
    /// A statement may have changed the row unseen.
    pub(super) seam: bool,
    pub(super) offset: i64,
}

/// What is known of a row.
#[derive(Debug)]
pub(super) struct Chain {
    now: Image,
    /// While changes come again: the row as the last of these left it.
    again: Option<Image>,
    gap: Option<Box<Gap>>,
}

/// Where a chain is broken, so far.
#[derive(Debug)]
pub(super) struct Gap {
    /// The row in front of what is missing; none where that is not known.
    from: Option<Image>,
    /// The row behind it.
    to: Image,
    pub(super) offset: i64,
}

/// What a step does to a chain.
#[derive(Debug)]
pub(super) enum Verdict {
    Fine,
    /// The message is at fault.
    Fault(Fault),
    /// This gap will not be filled any more.
    Gap(Box<Gap>),
}

impl Chain {
    /// Of a row that nothing was known of before this.
    pub(super) fn begin(step: Step) -> Self {
        // What comes later may belong in front of this.
        let gap = Gap { from: None, to: step.before, offset: step.offset };
        let gap = gap.to.is_some().then(|| Box::new(gap));
        Self { now: step.after, again: None, gap }
    }

    pub(super) fn follow(&mut self, step: Step) -> Verdict {
        let continues = self.again.as_ref().is_some_and(|again| fits(again, &step.before));
        if step.known && continues {
            self.again = Some(step.after);
            return Verdict::Fault(Fault::Duplicate);
        }
        let fits_now = fits(&self.now, &step.before);
        if (fits_now || continues || step.seam) && !step.back {
            (self.now, self.again) = (step.after, None);
            return Verdict::Fine;
        }
        if step.known {
            self.again = Some(step.after);
            return Verdict::Fault(Fault::Duplicate);
        }
        if self.fills_gap(&step) {
            return Verdict::Fault(Fault::Disorder);
        }
        if step.back {
            if fits_now {
                self.now = step.after;
            }
            return Verdict::Fault(Fault::Disorder);
        }
        let from = Some(std::mem::replace(&mut self.now, step.after));
        self.again = None;
        let gap = Gap { from, to: step.before, offset: step.offset };
        match self.gap.replace(Box::new(gap)).filter(|gap| gap.from.is_some()) {
            Some(gap) => Verdict::Gap(gap),
            None => Verdict::Fine,
        }
    }

    /// What is missing to the end.
    pub(super) fn end(self) -> Option<Box<Gap>> {
        self.gap.filter(|gap| gap.from.is_some())
    }

    /// About so much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let image = |image: &Image| image.as_ref().map_or(0, |cells| size_of_val::<[_]>(cells));
        let gap = self.gap.as_ref().map_or(0, |gap| {
            size_of::<Gap>() + image(&gap.to) + gap.from.as_ref().map_or(0, image)
        });
        size_of::<Self>() + image(&self.now) + self.again.as_ref().map_or(0, image) + gap
    }

    /// True when this is what is missing, or the first part of it.
    fn fills_gap(&mut self, step: &Step) -> bool {
        let Some(gap) = &mut self.gap else { return false };
        let ends = fits(&step.after, &gap.to);
        match &gap.from {
            Some(from) if fits(from, &step.before) => {}
            None if ends => {}
            _ => return false,
        }
        match ends {
            true => self.gap = None,
            false => gap.from = Some(step.after.clone()),
        }
        true
    }
}

/// True when both may be the same row at the same time: the cells that both hold are equal.
fn fits(one: &Image, other: &Image) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return one.is_none() == other.is_none() };
    let mut others = other.iter().peekable();
    one.iter().all(|(column, value)| {
        while others.next_if(|(other, _)| other < column).is_some() {}
        others.next_if(|(other, _)| other == column).is_none_or(|(_, other)| other == value)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// What is found in messages like `3 -1 1-2 2-`: number of the transaction, if it has one, and
    /// values of the row before and after. Shown are faults by the place of their message.
    fn faults(messages: &str) -> String {
        let image = |text: &str| (!text.is_empty()).then(|| [(1, text.parse().unwrap())].into());
        let (mut seen, mut highest) = (HashSet::new(), 0);
        let (mut chain, mut found): (Option<Chain>, Vec<(i64, &str)>) = (None, Vec::new());
        for (offset, text) in messages.split(' ').enumerate() {
            let (number, images) = text.split_once(':').unwrap_or(("", text));
            let number = number.parse().unwrap_or(highest);
            let (before, after) = images.split_once('-').unwrap();
            let step = Step {
                before: image(before),
                after: image(after.trim_end_matches('!')),
                known: !seen.insert(text),
                back: number < highest,
                seam: after.ends_with('!'),
                offset: offset as i64,
            };
            highest = highest.max(number);
            let Some(chain) = &mut chain else {
                chain = Some(Chain::begin(step));
                continue;
            };
            match chain.follow(step) {
                Verdict::Fine => {}
                Verdict::Fault(fault) => found.push((offset as i64, fault.as_str())),
                Verdict::Gap(gap) => found.push((gap.offset, "gap")),
            }
        }
        found.extend(chain.and_then(Chain::end).map(|gap| (gap.offset, "gap")));
        found.sort_unstable();
        let found: Vec<_> = found.iter().map(|(at, fault)| format!("{fault} at {at}")).collect();
        found.join(", ")
    }

    #[test]
    fn faults_are_told_apart() {
        let cases = [
            // Sound ones.
            ("-1 1-2 2-3 3- -1 1-", ""),
            ("5-6 6-7", ""),
            ("5- -5", ""),
            ("1:-1 1:1-2 1:2-1 1:1-2 2:2-3", ""),
            ("-1 -2! 3-4!", ""),
            // Something is missing.
            ("-1 2-3", "gap at 1"),
            ("-1 1-2 3-4 4-5 6-7", "gap at 2, gap at 4"),
            ("-1 -2", "gap at 1"),
            ("-1 1- 1-2", "gap at 2"),
            ("-1 1- 2-", "gap at 2"),
            // Something comes again.
            ("-1 -1 1-2", "duplicate at 1"),
            ("-1 1-2 1-2 2-3", "duplicate at 2"),
            ("-1 1-2 2-3 1-2 3-4", "duplicate at 3"),
            ("-1 1- 1-", "duplicate at 2"),
            ("-1 1-2 2-3 -1 1-2 2-3 3-4", "duplicate at 3, duplicate at 4, duplicate at 5"),
            ("1:-1 2:1- 1:-1 2:1- 3:-4", "duplicate at 2, duplicate at 3"),
            // Something comes late.
            ("-1 2-3 1-2 3-4", "disorder at 2"),
            ("-1 3-4 1-2 2-3 4-5", "disorder at 2, disorder at 3"),
            ("1-2 -1 2-3", "disorder at 1"),
            ("2:1- 1:-1", "disorder at 1"),
            ("1:-1 3:2-1 2:1-2 4:1-3", "disorder at 2"),
            // A part of what is missing comes late, the rest does not.
            ("-1 3-4 1-2 4-5", "gap at 1, disorder at 2"),
        ];
        for (messages, expected) in cases {
            assert_eq!(faults(messages), expected, "{messages}");
        }
    }

    #[test]
    fn cells_that_one_image_lacks_are_not_compared() {
        let image = |cells: &[(u32, u32)]| Some(cells.into());
        let (all, some) = (image(&[(1, 1), (2, 2), (3, 3)]), image(&[(2, 2), (4, 4)]));
        assert!(fits(&all, &some) && fits(&some, &all));
        assert!(!fits(&all, &image(&[(3, 4)])) && !fits(&image(&[(3, 4)]), &all));
        assert!(!fits(&all, &None) && fits(&None, &None));
    }
}

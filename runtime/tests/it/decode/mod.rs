mod damage;
mod golden;
mod inspect;
mod oracle;
pub(crate) mod reading;
mod resume;
mod select;
mod text;

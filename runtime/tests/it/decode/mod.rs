mod damage;
mod golden;
mod inspect;
mod oracle;
mod reading;
mod resume;
mod select;
mod text;

mod golden;
mod reading;
mod text;

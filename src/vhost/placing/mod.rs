//! Into the queues: a run of messages, each stored first and once, each queue locked once.

mod groups;
mod publish;
mod streams;

pub use publish::{Answer, Placed, Publishes, Question, Routes, Target, only_queue};

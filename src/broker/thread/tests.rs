//! Threads that serve HTTP.

use std::sync::mpsc;

use rustix::process::getpriority_process;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::{HTTP_NICENESS, for_http};

/// Sends the niceness of the worker, and lets as many others take over in turn as `others` says.
fn tell(others: usize, said: mpsc::Sender<i32>) {
    said.send(getpriority_process(None).unwrap()).unwrap();
    if others > 0 {
        block_in_place(|| {
            let (done, is_done) = mpsc::channel();
            Handle::current().spawn(async move {
                tell(others - 1, said);
                done.send(()).unwrap();
            });
            is_done.recv().unwrap();
        });
    }
}

// A thread that takes over from one that works long was nicer than that one: 5, 10, 15, 19.
#[test]
fn threads_that_take_over_are_as_nice_as_those_before_them() {
    let runtime = for_http().unwrap();
    let (said, heard) = mpsc::channel();
    let told = runtime.spawn(async { tell(4, said) });
    runtime.block_on(told).unwrap();
    let expected = (getpriority_process(None).unwrap() + HTTP_NICENESS).min(19);
    assert_eq!(heard.iter().collect::<Vec<_>>(), [expected; 5]);
}

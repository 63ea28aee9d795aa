//! Setting up happens once per process, so this test has a process of its own.

use minato_trace::{Format, Init};

#[test]
fn the_second_set_up_is_an_error() {
    assert!(Init::new().format(Format::Json).install().is_ok());
    assert!(tracing::event_enabled!(tracing::Level::ERROR));
    let error = minato_trace::init().unwrap_err();
    assert!(error.is_already_set() && !error.is_filter());
    assert_eq!(error.to_string(), "the process has a tracing subscriber already");
}

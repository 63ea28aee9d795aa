//! Assertions about what a poll or a call has answered.

/// Asserts that a poll is pending.
///
/// ```
/// use std::task::Poll;
///
/// minato_runtime::assert_pending!(Poll::<()>::Pending);
/// minato_runtime::assert_pending!(Poll::<()>::Pending, "nothing was sent to {}", "it");
/// ```
#[macro_export]
macro_rules! assert_pending {
    ($poll:expr $(,)?) => {
        match $poll {
            ::core::task::Poll::Pending => {}
            ::core::task::Poll::Ready(value) => ::core::panic!("ready, with {:?}", value),
        }
    };
    ($poll:expr, $($message:tt)+) => {
        match $poll {
            ::core::task::Poll::Pending => {}
            ::core::task::Poll::Ready(value) => {
                ::core::panic!("ready, with {:?}: {}", value, ::core::format_args!($($message)+))
            }
        }
    };
}

/// Asserts that a poll is ready, and answers its value.
///
/// ```
/// use std::task::Poll;
///
/// assert_eq!(minato_runtime::assert_ready!(Poll::Ready(1)), 1);
/// ```
#[macro_export]
macro_rules! assert_ready {
    ($poll:expr $(,)?) => {
        match $poll {
            ::core::task::Poll::Ready(value) => value,
            ::core::task::Poll::Pending => ::core::panic!("pending"),
        }
    };
    ($poll:expr, $($message:tt)+) => {
        match $poll {
            ::core::task::Poll::Ready(value) => value,
            ::core::task::Poll::Pending => ::core::panic!("pending: {}", ::core::format_args!($($message)+)),
        }
    };
}

/// Asserts that a poll is ready with a given value.
///
/// ```
/// use std::task::Poll;
///
/// minato_runtime::assert_ready_eq!(Poll::Ready(1), 1);
/// ```
#[macro_export]
macro_rules! assert_ready_eq {
    ($poll:expr, $expected:expr $(,)?) => {
        ::core::assert_eq!($crate::assert_ready!($poll), $expected)
    };
    ($poll:expr, $expected:expr, $($message:tt)+) => {
        ::core::assert_eq!($crate::assert_ready!($poll, $($message)+), $expected, $($message)+)
    };
}

/// Asserts that a poll is ready with `Ok`, and answers the value.
///
/// ```
/// use std::task::Poll;
///
/// assert_eq!(minato_runtime::assert_ready_ok!(Poll::Ready(Ok::<_, ()>(1))), 1);
/// ```
#[macro_export]
macro_rules! assert_ready_ok {
    ($poll:expr $(, $($message:tt)*)?) => {
        $crate::assert_ok!($crate::assert_ready!($poll $(, $($message)*)?) $(, $($message)*)?)
    };
}

/// Asserts that a poll is ready with `Err`, and answers the error.
///
/// ```
/// use std::task::Poll;
///
/// assert_eq!(minato_runtime::assert_ready_err!(Poll::Ready(Err::<(), _>(1))), 1);
/// ```
#[macro_export]
macro_rules! assert_ready_err {
    ($poll:expr $(, $($message:tt)*)?) => {
        $crate::assert_err!($crate::assert_ready!($poll $(, $($message)*)?) $(, $($message)*)?)
    };
}

/// Asserts that a result is `Ok`, and answers the value.
///
/// ```
/// assert_eq!(minato_runtime::assert_ok!("1".parse::<u8>()), 1);
/// ```
#[macro_export]
macro_rules! assert_ok {
    ($result:expr $(,)?) => {
        match $result {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(error) => ::core::panic!("an error: {:?}", error),
        }
    };
    ($result:expr, $($message:tt)+) => {
        match $result {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(error) => {
                ::core::panic!("an error: {:?}: {}", error, ::core::format_args!($($message)+))
            }
        }
    };
}

/// Asserts that a result is `Err`, and answers the error.
///
/// ```
/// minato_runtime::assert_err!("x".parse::<u8>());
/// ```
#[macro_export]
macro_rules! assert_err {
    ($result:expr $(,)?) => {
        match $result {
            ::core::result::Result::Err(error) => error,
            ::core::result::Result::Ok(value) => ::core::panic!("no error, but {:?}", value),
        }
    };
    ($result:expr, $($message:tt)+) => {
        match $result {
            ::core::result::Result::Err(error) => error,
            ::core::result::Result::Ok(value) => {
                ::core::panic!("no error, but {:?}: {}", value, ::core::format_args!($($message)+))
            }
        }
    };
}

/// Asserts that as many milliseconds have passed since an [`Instant`](crate::time::Instant), give or take one.
///
/// ```
/// use std::time::Duration;
/// use minato_runtime::test_util::block_on_paused;
/// use minato_runtime::time::{Instant, sleep};
///
/// block_on_paused(async {
///     let start = Instant::now();
///     sleep(Duration::from_millis(50)).await;
///     minato_runtime::assert_elapsed!(start, Duration::from_millis(50));
/// });
/// ```
#[macro_export]
macro_rules! assert_elapsed {
    ($start:expr, $duration:expr $(,)?) => {{
        let elapsed = $start.elapsed();
        let expected: ::core::time::Duration = $duration;
        let tolerance = ::core::time::Duration::from_millis(1);
        ::core::assert!(
            elapsed >= expected && elapsed <= expected + tolerance,
            "{:?} have passed, and not {:?}",
            elapsed,
            expected,
        );
    }};
}

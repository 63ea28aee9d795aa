//! A stream that follows a script.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::Duration;

use futures_core::Stream;

use crate::time::{Sleep, sleep};

/// Writes the script of a [`StreamMock`].
///
/// ```
/// use std::time::Duration;
/// use minato_runtime::stream::StreamExt;
/// use minato_runtime::test_util::{StreamMockBuilder, block_on_paused};
///
/// block_on_paused(async {
///     let mut stream = StreamMockBuilder::new().next(1).wait(Duration::from_secs(60)).next(2).build();
///     assert_eq!(stream.next().await, Some(1));
///     assert_eq!(stream.next().await, Some(2));
///     assert_eq!(stream.next().await, None);
/// });
/// ```
#[derive(Debug, Clone)]
pub struct StreamMockBuilder<T> {
    steps: VecDeque<Step<T>>,
}

#[derive(Debug, Clone)]
enum Step<T> {
    Next(T),
    Wait(Duration),
}

/// A stream that follows a script; made by [`StreamMockBuilder::build`].
///
/// # Panics
///
/// Dropping it panics if steps of the script are left, unless the thread is panicking already.
#[derive(Debug)]
#[must_use = "a script that nobody follows panics"]
pub struct StreamMock<T> {
    steps: VecDeque<Step<T>>,
    pause: Option<Sleep>,
}

impl<T> StreamMockBuilder<T> {
    /// An empty script.
    #[must_use]
    pub fn new() -> Self {
        Self { steps: VecDeque::new() }
    }

    /// Then comes `item`.
    #[must_use]
    pub fn next(mut self, item: T) -> Self {
        self.steps.push_back(Step::Next(item));
        self
    }

    /// Then nothing comes for `duration`.
    #[must_use]
    pub fn wait(mut self, duration: Duration) -> Self {
        self.steps.push_back(Step::Wait(duration));
        self
    }

    /// The stream; after the script it has ended.
    pub fn build(self) -> StreamMock<T> {
        StreamMock { steps: self.steps, pause: None }
    }
}

impl<T> Default for StreamMockBuilder<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Unpin for StreamMock<T> {}

impl<T> Stream for StreamMock<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.poll_elapsed(cx));
                self.pause = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Next(item)) => return Poll::Ready(Some(item)),
                Some(Step::Wait(duration)) => self.pause = Some(sleep(duration)),
            }
        }
    }
}

impl<T> Drop for StreamMock<T> {
    fn drop(&mut self) {
        let left = self.steps.iter().filter(|step| matches!(step, Step::Next(_))).count();
        assert!(left == 0 || thread::panicking(), "{left} items of the script were not asked for");
    }
}

//! A running tokio for libraries that need one.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Handle};

/// The one tokio runtime of the process, with a thread of its own.
static TOKIO: OnceLock<Handle> = OnceLock::new();

/// The handle of the tokio runtime that [`TokioContext`] enters, which is started if it was not.
///
/// # Panics
///
/// If the system has no thread or descriptors left for it.
pub fn tokio_handle() -> &'static Handle {
    TOKIO.get_or_init(|| {
        let runtime =
            Builder::new_current_thread().enable_all().build().expect("tokio's driver could not be made");
        let handle = runtime.handle().clone();
        let thread = std::thread::Builder::new().name("minato-tokio".to_owned());
        thread.spawn(move || runtime.block_on(pending::<()>())).expect("tokio's thread could not be started");
        handle
    })
}

pin_project_lite::pin_project! {
    /// Runs a future that needs a running tokio, such as one of reqwest, in any of our tasks.
    ///
    /// The future is polled here, as part of our task; each poll is inside a tokio runtime that the process starts when
    /// it is first needed, on one thread that drives its sockets, timers and spawned tasks. What the library does goes
    /// through that thread, so this is a bridge for what is needed now and then, and no way to be fast.
    ///
    /// ```
    /// use minato_runtime::compat::TokioContext;
    /// use std::time::Duration;
    ///
    /// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
    /// # rt.block_on(async {
    /// TokioContext::new(async {
    ///     tokio::time::sleep(Duration::from_millis(1)).await;
    ///     tokio::spawn(async {}).await.unwrap();
    /// })
    /// .await;
    /// # });
    /// ```
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct TokioContext<F> {
        // There until it is dropped, which happens inside tokio too.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for TokioContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                let _entered = tokio_handle().enter();
                this.future.set(None);
            }
        }
    }
}

impl<F> TokioContext<F> {
    /// Wraps a future.
    pub fn new(future: F) -> Self {
        Self { future: Some(future) }
    }
}

impl<F: Future> Future for TokioContext<F> {
    type Output = F::Output;

    /// # Panics
    ///
    /// Those of the future and of [`tokio_handle`].
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _entered = tokio_handle().enter();
        match self.project().future.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => unreachable!("the future is there until it is dropped"),
        }
    }
}

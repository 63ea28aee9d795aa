//! Tasks that keep what their spawner was doing.

use std::future::Future;

use minato_runtime::task::JoinHandle;
use tracing::{Instrument, Span};

use crate::context::{Scope, TraceContext};

/// Starts a task inside `span`, with the [current](TraceContext::current) trace context.
///
/// [`minato_runtime::spawn`] begins with neither: what a task logs and sends then belongs to no request. The span is
/// entered at each poll and closes when the task ends.
///
/// # Panics
///
/// If this thread is in no runtime.
///
/// ```
/// # let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let task = minato_trace::spawn_traced(tracing::info_span!("refresh", cache = "prices"), async {
///     tracing::info!("fetching");
///     42
/// });
/// assert_eq!(task.await.unwrap(), 42);
/// # });
/// ```
#[track_caller]
pub fn spawn_traced<F>(span: Span, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    minato_runtime::spawn(Scope::new(future, TraceContext::current()).instrument(span))
}

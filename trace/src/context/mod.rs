//! W3C Trace Context: which trace a request belongs to, from process to process.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`TraceContext`], in and out of header fields |
//! | `id.rs` | [`TraceId`] and [`SpanId`] |
//! | `traceparent.rs`, `tracestate.rs` | the two fields on the wire |
//! | `scope.rs` | the context of the code that is running |
//! | `random.rs` | where new identifiers come from |

mod id;
mod random;
pub(crate) mod scope;
#[cfg(test)]
mod tests;
mod traceparent;
mod tracestate;

use http::header::{HeaderMap, HeaderName, HeaderValue};

pub use self::id::{SpanId, TraceId};
pub use self::scope::Scope;
use self::traceparent::Parent;
pub use self::tracestate::TraceState;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Whether the caller may have recorded its part of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// It may have.
    Sampled,
    /// It did not.
    NotSampled,
}

/// A place in a trace: the trace, a span in it, and what vendors say about them.
///
/// [`TraceLayer`](crate::TraceLayer) puts the one of each request into its extensions, and
/// [`PropagateLayer`](crate::PropagateLayer) sends it on. By hand:
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use minato_trace::TraceContext;
///
/// let mut incoming = HeaderMap::new();
/// let field = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// incoming.insert("traceparent", HeaderValue::from_static(field));
///
/// let context = TraceContext::extract(&incoming).map_or_else(TraceContext::new_root, |caller| caller.child());
/// assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
///
/// let mut outgoing = HeaderMap::new();
/// context.inject(&mut outgoing);
/// assert!(outgoing["traceparent"].to_str().unwrap().contains(&context.span_id().to_string()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    parent: Parent,
    state: TraceState,
}

impl TraceContext {
    /// A new trace, sampled, with new identifiers.
    #[must_use]
    pub fn new_root() -> Self {
        Self::new(TraceId::random(), SpanId::random(), Sampling::Sampled, TraceState::default())
    }

    /// A place in a trace that is known.
    #[must_use]
    pub fn new(trace_id: TraceId, span_id: SpanId, sampling: Sampling, state: TraceState) -> Self {
        Self { parent: Parent { trace_id, span_id, sampling }, state }
    }

    /// A new span in the same trace.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { parent: Parent { span_id: SpanId::random(), ..self.parent }, state: self.state.clone() }
    }

    /// The trace.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.parent.trace_id
    }

    /// The span.
    #[must_use]
    pub fn span_id(&self) -> SpanId {
        self.parent.span_id
    }

    /// Whether the caller may have recorded it.
    #[must_use]
    pub fn sampling(&self) -> Sampling {
        self.parent.sampling
    }

    /// What vendors say about the trace.
    #[must_use]
    pub fn state(&self) -> &TraceState {
        &self.state
    }

    /// The place of the caller, from the fields of its request.
    ///
    /// None where `traceparent` is missing, malformed or there more than once: the request then begins a new trace. A
    /// malformed `tracestate` is dropped without harm to the rest.
    #[must_use]
    pub fn extract(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all(TRACEPARENT).into_iter();
        let (field, None) = (fields.next()?, fields.next()) else { return None };
        let parent = traceparent::parse(field.as_bytes())?;
        let state = TraceState::parse(headers.get_all(TRACESTATE).into_iter().map(HeaderValue::as_bytes));
        Some(Self { parent, state })
    }

    /// Writes the fields of a request made on behalf of this span, in place of those it has.
    pub fn inject(&self, headers: &mut HeaderMap) {
        if let Ok(field) = HeaderValue::from_bytes(&traceparent::format(&self.parent)) {
            headers.insert(TRACEPARENT, field);
        }
        match HeaderValue::from_str(self.state.as_str()) {
            Ok(field) if !field.is_empty() => headers.insert(TRACESTATE, field),
            _ => headers.remove(TRACESTATE),
        };
    }
}

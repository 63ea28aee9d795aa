//! What is known of a method before it is called.

/// A method of a service, as the `.proto` file says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodDescriptor {
    /// The path on the wire, such as `/helloworld.Greeter/SayHello`.
    pub path: &'static str,
    /// Which side sends a stream.
    pub kind: MethodKind,
    /// The full name of the request message.
    pub input: &'static str,
    /// The full name of the response message.
    pub output: &'static str,
    /// Whether calling it twice is as good as once.
    pub idempotency: Idempotency,
}

impl MethodDescriptor {
    /// Describes a method; for generated code and for services written by hand.
    #[must_use]
    pub const fn new(
        path: &'static str,
        kind: MethodKind,
        input: &'static str,
        output: &'static str,
        idempotency: Idempotency,
    ) -> Self {
        Self { path, kind, input, output, idempotency }
    }
}

/// Which side of a call sends a stream of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodKind {
    /// One request, one response.
    Unary,
    /// A stream of requests, one response.
    ClientStreaming,
    /// One request, a stream of responses.
    ServerStreaming,
    /// Two streams.
    Bidi,
}

/// Whether calling a method twice is as good as once: its `idempotency_level` option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Nothing is said.
    Unknown,
    /// It changes nothing.
    NoSideEffects,
    /// It changes the same thing again.
    Idempotent,
}

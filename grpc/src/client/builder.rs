//! A call before it is made, in four kinds.
//!
//! The methods of a generated client return one of these. Settings are added to it; awaiting it makes the call.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use prost::Message;

use super::incoming::Single;
use super::options::Options;
use super::{Channel, Response, Upload};
use crate::clock::Instant;
use crate::{Cx, Inbound, MethodDescriptor, Outbound, Result};

/// A call that has not been made yet.
///
/// ```
/// use std::time::Duration;
/// use minato_grpc::{Result, client::Unary};
///
/// async fn patient(call: Unary<String, String>) -> Result<String> {
///     call.timeout(Duration::from_secs(1)).metadata("tenant", "blue").await
/// }
/// ```
#[must_use = "a call is made when it is awaited"]
pub struct CallBuilder<K> {
    channel: Channel,
    method: &'static MethodDescriptor,
    options: Options,
    kind: K,
}

/// A call with one request and one response: awaiting it gives the response.
pub type Unary<Req, Res> = CallBuilder<UnaryKind<Req, Res>>;
/// A call with a stream of requests and one response: awaiting it gives an [`Upload`].
pub type ClientStreaming<Req, Res> = CallBuilder<ClientStreamingKind<Req, Res>>;
/// A call with one request and a stream of responses: awaiting it gives the [`Inbound`] stream.
pub type ServerStreaming<Req, Res> = CallBuilder<ServerStreamingKind<Req, Res>>;
/// A call with two streams: awaiting it gives both.
pub type Bidi<Req, Res> = CallBuilder<BidiKind<Req, Res>>;

/// The kind of a [`Unary`] call.
#[derive(Debug)]
pub struct UnaryKind<Req, Res> {
    request: Req,
    response: PhantomData<fn() -> Res>,
}

/// The kind of a [`ClientStreaming`] call.
#[derive(Debug)]
pub struct ClientStreamingKind<Req, Res> {
    messages: PhantomData<fn(Req) -> Res>,
}

/// The kind of a [`ServerStreaming`] call.
#[derive(Debug)]
pub struct ServerStreamingKind<Req, Res> {
    request: Req,
    response: PhantomData<fn() -> Res>,
}

/// The kind of a [`Bidi`] call.
#[derive(Debug)]
pub struct BidiKind<Req, Res> {
    messages: PhantomData<fn(Req) -> Res>,
}

/// The future that begins a call with a stream.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

impl Channel {
    /// A call with one request and one response.
    pub fn unary<Req, Res>(&self, method: &'static MethodDescriptor, request: Req) -> Unary<Req, Res> {
        CallBuilder::new(self, method, UnaryKind { request, response: PhantomData })
    }

    /// A call with a stream of requests and one response.
    pub fn client_streaming<Req, Res>(&self, method: &'static MethodDescriptor) -> ClientStreaming<Req, Res> {
        CallBuilder::new(self, method, ClientStreamingKind { messages: PhantomData })
    }

    /// A call with one request and a stream of responses.
    pub fn server_streaming<Req, Res>(
        &self,
        method: &'static MethodDescriptor,
        request: Req,
    ) -> ServerStreaming<Req, Res> {
        CallBuilder::new(self, method, ServerStreamingKind { request, response: PhantomData })
    }

    /// A call with two streams.
    pub fn bidi<Req, Res>(&self, method: &'static MethodDescriptor) -> Bidi<Req, Res> {
        CallBuilder::new(self, method, BidiKind { messages: PhantomData })
    }
}

impl<K> CallBuilder<K> {
    fn new(channel: &Channel, method: &'static MethodDescriptor, kind: K) -> Self {
        Self { channel: channel.clone(), method, options: Options::default(), kind }
    }

    /// Ends the call, all of it, with DEADLINE_EXCEEDED after `timeout`. The server is told.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Ends the call with DEADLINE_EXCEEDED at `deadline`. The server is told.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.options.deadline = Some(self.options.deadline.map_or(deadline, |other| other.min(deadline)));
        self
    }

    /// Ends the call no later than the one that is being handled, where that has a deadline.
    pub fn deadline_from(self, cx: &Cx<'_>) -> Self {
        match cx.deadline() {
            Some(deadline) => self.deadline(deadline),
            None => self,
        }
    }

    /// Adds a text field to the request's metadata. A name or value that is not allowed fails the call.
    pub fn metadata(mut self, name: &str, value: &str) -> Self {
        let result = self.options.metadata.append(name, value);
        self.options.note(result);
        self
    }

    /// Adds a binary field to the request's metadata. A name that is not allowed fails the call.
    pub fn metadata_bin(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let result = self.options.metadata.append_bin(name, value);
        self.options.note(result);
        self
    }
}

impl<Req: Message, Res: Message + Default> Unary<Req, Res> {
    /// Makes the call, and gives the metadata of the answer too.
    ///
    /// # Errors
    ///
    /// The status of a call that failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the call, and the server is told.
    pub async fn with_metadata(self) -> Result<Response<Res>> {
        let Self { channel, method, options, kind } = self;
        Single::new(channel.start_with(method, &options, &kind.request)?).response().await
    }
}

impl<Req, Res> IntoFuture for Unary<Req, Res>
where
    Req: Message,
    Res: Message + Default,
{
    type Output = Result<Res>;
    type IntoFuture = UnaryFuture<Req, Res>;

    fn into_future(self) -> Self::IntoFuture {
        UnaryFuture { state: UnaryState::Unsent(Some(self)) }
    }
}

/// The future of a [`Unary`] call. Dropping it cancels the call.
#[must_use = "futures do nothing unless polled"]
pub struct UnaryFuture<Req, Res> {
    state: UnaryState<Req, Res>,
}

#[expect(clippy::large_enum_variant, reason = "to box the larger one would cost each call an allocation")]
enum UnaryState<Req, Res> {
    Unsent(Option<Unary<Req, Res>>),
    Sent(Single),
}

// Nothing in it is ever pinned.
impl<Req, Res> Unpin for UnaryFuture<Req, Res> {}

impl<Req: Message, Res: Message + Default> Future for UnaryFuture<Req, Res> {
    type Output = Result<Res>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut self.state {
                UnaryState::Unsent(call) => {
                    let CallBuilder { channel, method, options, kind } =
                        call.take().expect("polled after completion");
                    let incoming = channel.start_with(method, &options, &kind.request)?;
                    self.state = UnaryState::Sent(Single::new(incoming));
                }
                UnaryState::Sent(single) => {
                    return single.poll_response(cx).map_ok(|response: Response<Res>| response.message);
                }
            }
        }
    }
}

impl<Req, Res> fmt::Debug for UnaryFuture<Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnaryFuture").finish_non_exhaustive()
    }
}

impl<Req, Res> IntoFuture for ServerStreaming<Req, Res>
where
    Req: Message + 'static,
    Res: Message + Default + 'static,
{
    type Output = Result<Inbound<Res>>;
    type IntoFuture = CallFuture<Inbound<Res>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { channel, method, options, kind } = self;
        Box::pin(async move {
            let incoming = channel.start_with(method, &options, &kind.request)?;
            Ok(Inbound::of_response(incoming.opened().await?))
        })
    }
}

impl<Req, Res> IntoFuture for ClientStreaming<Req, Res>
where
    Req: Message + 'static,
    Res: Message + Default + 'static,
{
    type Output = Result<Upload<Req, Res>>;
    type IntoFuture = CallFuture<Upload<Req, Res>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { channel, method, options, .. } = self;
        Box::pin(async move {
            let (outbound, incoming) = channel.start_streaming(method, &options)?;
            Ok(Upload::new(outbound, incoming))
        })
    }
}

impl<Req, Res> IntoFuture for Bidi<Req, Res>
where
    Req: Message + 'static,
    Res: Message + Default + 'static,
{
    type Output = Result<(Outbound<Req>, Inbound<Res>)>;
    type IntoFuture = CallFuture<(Outbound<Req>, Inbound<Res>)>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { channel, method, options, .. } = self;
        Box::pin(async move {
            let (outbound, incoming) = channel.start_streaming(method, &options)?;
            Ok((outbound, Inbound::of_response(incoming)))
        })
    }
}

impl<K> fmt::Debug for CallBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallBuilder")
            .field("method", &self.method.path)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

//! The four kinds of method, and one erased form for all.
//!
//! Generated code implements one of the four traits for each method. What a request meets is the erased form: one
//! boxed future for each call.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use minato_bytes_util::Pool;
use minato_http::Body;
use prost::Message;

use super::guarded::Guarded;
use super::respond;
use super::stream::StreamCall;
use crate::call::{Call, Encoding, Event, Outlet, Reader, decode};
use crate::frame::encode;
use crate::{Cx, Inbound, Outbound, Result, Status};

/// A method with one request and one response.
pub trait UnaryMethod: Send + Sync + 'static {
    /// What it takes.
    type Request: Message + Default + 'static;
    /// What it answers.
    type Response: Message + 'static;

    /// Handles one call.
    fn call(
        &self,
        cx: &mut Cx<'_>,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response>> + Send;
}

/// A method with a stream of requests and one response.
pub trait ClientStreamingMethod: Send + Sync + 'static {
    /// What it takes.
    type Request: Message + Default + 'static;
    /// What it answers.
    type Response: Message + 'static;

    /// Handles one call.
    fn call(
        &self,
        cx: &mut Cx<'_>,
        input: &mut Inbound<Self::Request>,
    ) -> impl Future<Output = Result<Self::Response>> + Send;
}

/// A method with one request and a stream of responses.
pub trait ServerStreamingMethod: Send + Sync + 'static {
    /// What it takes.
    type Request: Message + Default + 'static;
    /// What it answers.
    type Response: Message + 'static;

    /// Handles one call.
    fn call(
        &self,
        cx: &mut Cx<'_>,
        request: Self::Request,
        output: &mut Outbound<Self::Response>,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// A method with two streams.
pub trait BidiMethod: Send + Sync + 'static {
    /// What it takes.
    type Request: Message + Default + 'static;
    /// What it answers.
    type Response: Message + 'static;

    /// Handles one call.
    fn call(
        &self,
        cx: &mut Cx<'_>,
        input: &mut Inbound<Self::Request>,
        output: &mut Outbound<Self::Response>,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// A call as it comes in, with what it needs of its server.
pub(crate) struct Incoming {
    pub(crate) call: Call,
    pub(crate) body: Body,
    pub(crate) message_len_max: usize,
    pub(crate) pool: Pool,
}

impl Incoming {
    /// The call, its messages and the pool.
    fn open(self) -> (Call, Reader, Pool) {
        let encoding = Encoding::of(self.call.metadata().as_headers(), Encoding::UnknownToServer);
        (self.call, Reader::new(self.body, encoding, self.message_len_max), self.pool)
    }
}

pub(super) type ResponseFuture = Pin<Box<dyn Future<Output = http::Response<Body>> + Send>>;

/// A call that was started.
pub(crate) enum Started {
    /// It ends with one response.
    Single(ResponseFuture),
    /// It answers with a stream.
    Stream(StreamCall),
}

/// Any method.
pub(crate) trait Erased: Send + Sync {
    fn start(self: Arc<Self>, incoming: Incoming) -> Started;
}

pub(super) struct Unary<M>(pub(super) M);
pub(super) struct ClientStreaming<M>(pub(super) M);
pub(super) struct ServerStreaming<M>(pub(super) M);
pub(super) struct Bidi<M>(pub(super) M);

impl<M: UnaryMethod> Erased for Unary<M> {
    fn start(self: Arc<Self>, incoming: Incoming) -> Started {
        let (mut call, mut reader, pool) = incoming.open();
        Started::Single(Box::pin(async move {
            let work = async {
                let request = read_one(&mut reader).await?;
                encode(&self.0.call(&mut call.cx(), request).await?, &pool)
            };
            let result = Guarded::new(work, call.deadline()).await;
            respond::single(&mut call, result)
        }))
    }
}

impl<M: ClientStreamingMethod> Erased for ClientStreaming<M> {
    fn start(self: Arc<Self>, incoming: Incoming) -> Started {
        let (mut call, reader, pool) = incoming.open();
        let mut input = Inbound::of_request(reader);
        Started::Single(Box::pin(async move {
            let work = async { encode(&self.0.call(&mut call.cx(), &mut input).await?, &pool) };
            let result = Guarded::new(work, call.deadline()).await;
            respond::single(&mut call, result)
        }))
    }
}

impl<M: ServerStreamingMethod> Erased for ServerStreaming<M> {
    fn start(self: Arc<Self>, incoming: Incoming) -> Started {
        let (call, mut reader, pool) = incoming.open();
        let (call, outlet) = (Arc::new(call), Arc::new(Outlet::new(pool)));
        let mut output = Outbound::new(outlet.clone());
        let shared = call.clone();
        let handler = async move {
            let request = read_one(&mut reader).await?;
            self.0.call(&mut shared.cx(), request, &mut output).await
        };
        Started::Stream(StreamCall::new(Box::pin(Guarded::new(handler, call.deadline())), call, outlet))
    }
}

impl<M: BidiMethod> Erased for Bidi<M> {
    fn start(self: Arc<Self>, incoming: Incoming) -> Started {
        let (call, reader, pool) = incoming.open();
        let (call, outlet) = (Arc::new(call), Arc::new(Outlet::new(pool)));
        let mut input = Inbound::of_request(reader);
        let mut output = Outbound::new(outlet.clone());
        let shared = call.clone();
        let handler = async move { self.0.call(&mut shared.cx(), &mut input, &mut output).await };
        Started::Stream(StreamCall::new(Box::pin(Guarded::new(handler, call.deadline())), call, outlet))
    }
}

/// The one message of a request.
async fn read_one<T: Message + Default>(reader: &mut Reader) -> Result<T> {
    let mut first: Option<Bytes> = None;
    loop {
        match poll_fn(|cx| reader.poll_event(cx)).await? {
            Event::Message(bytes) if first.is_none() => first = Some(bytes),
            // statuscodes.md: cardinality violations are UNIMPLEMENTED.
            Event::Message(_) => return Err(Status::unimplemented("the method takes one message, not more")),
            Event::End(_, framing) => {
                framing?;
                let bytes =
                    first.ok_or_else(|| Status::unimplemented("the method takes one message, not none"))?;
                return decode(bytes);
            }
        }
    }
}

//! Where calls go.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, Uri, Version};
use minato_bytes_util::Pool;
use minato_http::{Body, Client};
use minato_service::Service;
use prost::Message;

use super::incoming::HeadFuture;
use super::options::Options;
use super::request_body::RequestBody;
use super::{Incoming, connect};
use crate::call::Outlet;
use crate::clock::Deadline;
use crate::frame::encode;
use crate::limits::MESSAGE_LEN_MAX;
use crate::{MethodDescriptor, Outbound, Result, Routes, Status};

/// The way to one server. Clones share it, connections and all.
///
/// ```
/// use std::time::Duration;
/// use minato_grpc::client::Channel;
/// use minato_grpc::health::HealthClient;
///
/// let channel = Channel::connect_lazy("http://127.0.0.1:50051")?.timeout(Duration::from_secs(10));
/// let client = HealthClient::new(channel.clone());
/// # drop(client);
/// # Ok::<(), minato_grpc::Status>(())
/// ```
#[derive(Clone)]
pub struct Channel {
    shared: Arc<Shared>,
    message_len_max: usize,
    timeout: Option<Duration>,
}

struct Shared {
    transport: Transport,
    address: Address,
    pool: Pool,
}

/// A server, over HTTP without TLS.
struct Address {
    authority: Authority,
}

impl Address {
    fn parse(address: &str) -> Result<Self> {
        let invalid = || Status::invalid_argument(format!("{address:?} is not the address of a server"));
        let parts = address.parse::<Uri>().map_err(|_| invalid())?.into_parts();
        let is_bare = parts.path_and_query.is_none_or(|path| path == "/");
        match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority)) if scheme == Scheme::HTTP && is_bare => Ok(Self { authority }),
            _ => Err(invalid()),
        }
    }

    fn uri(&self, path: &'static str) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_static(path));
        // All three parts are there, which is all that can be wrong with them.
        Uri::from_parts(parts).unwrap_or_default()
    }
}

enum Transport {
    Http(Client),
    InProcess(Routes),
}

impl Channel {
    /// Connects to a server such as `http://127.0.0.1:50051`, and waits for the connection.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT where the address is not valid, UNAVAILABLE where nobody answers there.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the connection up.
    pub async fn connect(address: &str) -> Result<Self> {
        let address = Address::parse(address)?;
        let client = connect::connected(&address.uri("/")).await?;
        Ok(Self::new(Transport::Http(client), address))
    }

    /// Will connect to a server such as `http://127.0.0.1:50051` at the first call.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT where the address is not valid.
    pub fn connect_lazy(address: &str) -> Result<Self> {
        Ok(Self::new(Transport::Http(connect::lazy()), Address::parse(address)?))
    }

    /// Calls through an HTTP client, for connections of another kind and with other settings. It is asked for HTTP/2.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT where the address is not valid.
    pub fn with_client(client: Client, address: &str) -> Result<Self> {
        Ok(Self::new(Transport::Http(client), Address::parse(address)?))
    }

    /// Calls `routes` in this process, without a network: for tests, and for services that share a process.
    #[must_use]
    pub fn in_process(routes: Routes) -> Self {
        let address = Address { authority: Authority::from_static("in-process") };
        Self::new(Transport::InProcess(routes), address)
    }

    fn new(transport: Transport, address: Address) -> Self {
        let shared = Shared { transport, address, pool: Pool::new() };
        Self { shared: Arc::new(shared), message_len_max: MESSAGE_LEN_MAX, timeout: None }
    }

    /// Refuses messages above `len` bytes, instead of 4 MiB, with RESOURCE_EXHAUSTED.
    #[must_use]
    pub fn message_len_max(mut self, len: usize) -> Self {
        self.message_len_max = len;
        self
    }

    /// Gives every call that has no timeout of its own this one.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Starts a call with one request.
    pub(super) fn start_with<M: Message>(
        &self,
        method: &'static MethodDescriptor,
        options: &Options,
        request: &M,
    ) -> Result<Incoming> {
        let request = encode(request, &self.shared.pool)?;
        self.start(method, options, Body::from(request)).map(|(incoming, _)| incoming)
    }

    /// Starts a call with a stream of requests.
    pub(super) fn start_streaming<M: Message>(
        &self,
        method: &'static MethodDescriptor,
        options: &Options,
    ) -> Result<(Outbound<M>, Incoming)> {
        let outlet = Arc::new(Outlet::new(self.shared.pool.clone()));
        let body = Body::wrap(RequestBody::new(outlet.clone()));
        let (incoming, deadline) = self.start(method, options, body)?;
        Ok((Outbound::with_deadline(outlet, deadline), incoming.in_background()))
    }

    fn start(
        &self,
        method: &'static MethodDescriptor,
        options: &Options,
        body: Body,
    ) -> Result<(Incoming, Option<Deadline>)> {
        if let Some(mistake) = options.mistake {
            return Err(mistake.into());
        }
        let at = options.deadline(self.timeout);
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = self.shared.address.uri(method.path);
        *request.headers_mut() = options.fields(at);
        let incoming = Incoming::new(self.send(request), at.map(Deadline::new), self.message_len_max);
        Ok((incoming, at.map(Deadline::new)))
    }

    fn send(&self, request: Request<Body>) -> HeadFuture {
        match &self.shared.transport {
            Transport::Http(client) => HeadFuture::Http(client.request(request)),
            Transport::InProcess(routes) => HeadFuture::InProcess(Box::pin(routes.clone().call(request))),
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("authority", &self.shared.address.authority).finish_non_exhaustive()
    }
}
